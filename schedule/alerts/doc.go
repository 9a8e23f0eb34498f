// Package alerts tells people what matters, once: findings go to routes by their kind,
// as messages to chat robots (DingTalk, WeCom, Feishu, Slack). A book beside the
// dataset remembers what was said, so that no cause is told twice, also after a
// restart, and no finding is lost because a robot could not be reached.
//
// Findings name days, wallets, merchants' account numbers, counts and amounts. No
// personal data may be in them: whoever makes a finding writes no text of a file or of
// an error into it.
package alerts
