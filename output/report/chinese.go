package report

// ReasonInChinese is why something is a break, or what to do about it, in Chinese; what has
// none of the forms in which the stages say it stays as it is.
func ReasonInChinese(text string) string { return reasonInChinese(text) }
