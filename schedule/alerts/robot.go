package alerts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Robot is a kind of chat robot: how a message to it is written, signed and answered.
type Robot string

// The robots known. Sources: DingTalk 自定义机器人 (open.dingtalk.com), WeCom 群机器人
// (developer.work.weixin.qq.com), Feishu 自定义机器人 (open.feishu.cn), Slack incoming
// webhooks (docs.slack.dev).
const (
	DingTalk Robot = "dingtalk"
	WeCom    Robot = "wecom"
	Feishu   Robot = "feishu"
	Slack    Robot = "slack"
)

// Robots are the names of the robots known.
var Robots = []string{string(DingTalk), string(WeCom), string(Feishu), string(Slack)}

// Signs says whether the robot can ask for signed messages.
func (r Robot) Signs() bool { return r == DingTalk || r == Feishu }

// most is how many bytes of text a message may have: the robots' limits, less some.
func (r Robot) most() int {
	switch r {
	case WeCom:
		return 2000 // of 2048
	case Slack:
		return 3500 // of 4000 characters
	}
	return 15000 // of 20000
}

// message is the address and the body of a message, signed where there is a secret.
func (r Robot) message(address, secret, text string, now time.Time) (to string, body []byte, err error) {
	text = cut(text, r.most())
	content := map[string]any{}
	to = address
	switch r {
	case DingTalk:
		content["msgtype"], content["text"] = "text", map[string]string{"content": text}
		if secret != "" {
			// HMAC of "timestamp\nsecret" under the secret; milliseconds, in the address.
			stamp := strconv.FormatInt(now.UnixMilli(), 10)
			if to, err = withQuery(address, "timestamp", stamp, "sign", sign(secret, stamp+"\n"+secret)); err != nil {
				return "", nil, err
			}
		}
	case WeCom:
		content["msgtype"], content["text"] = "text", map[string]string{"content": text}
	case Feishu:
		content["msg_type"], content["content"] = "text", map[string]string{"text": text}
		if secret != "" {
			// HMAC of nothing under "timestamp\nsecret"; seconds, in the body.
			stamp := strconv.FormatInt(now.Unix(), 10)
			content["timestamp"], content["sign"] = stamp, sign(stamp+"\n"+secret, "")
		}
	case Slack:
		// Slack gives these three characters a meaning.
		content["text"] = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	default:
		return "", nil, fmt.Errorf("%q is no robot known", r)
	}
	body, err = json.Marshal(content)
	return to, body, err
}

func sign(key, data string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(data))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func withQuery(address string, pairs ...string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("the address is no URL")
	}
	query := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// cut shortens text to whole characters of at most so many bytes.
func cut(text string, most int) string {
	const more = "\n…"
	if len(text) <= most {
		return text
	}
	end := most - len(more)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}

// verdict is what became of a message.
type verdict uint8

const (
	accepted verdict = iota
	tryAgain         // busy or broken over there
	refused          // it will be refused again
)

// answer judges an answer. DingTalk, WeCom and Feishu say 200 also where they refuse:
// their own code counts.
func (r Robot) answer(status int, body []byte) (verdict, string) {
	switch {
	case status == http.StatusTooManyRequests || status >= 500:
		return tryAgain, fmt.Sprintf("HTTP status %d", status)
	case status/100 != 2:
		return refused, fmt.Sprintf("HTTP status %d", status)
	case r == Slack:
		return accepted, ""
	}
	var said struct {
		ErrCode *int64 `json:"errcode"`
		ErrMsg  string `json:"errmsg"`
		Code    *int64 `json:"code"`
		Msg     string `json:"msg"`
		// An older form of Feishu's.
		StatusCode *int64 `json:"StatusCode"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return refused, "an answer that is no JSON: the address is not that of a robot"
	}
	for _, code := range []*int64{said.ErrCode, said.Code, said.StatusCode} {
		if code == nil {
			continue
		}
		switch *code {
		case 0:
			return accepted, ""
		case -1, 130101, 45009, 9499, 11232:
			// System busy (DingTalk, WeCom); too many messages (DingTalk, WeCom, Feishu).
			return tryAgain, fmt.Sprintf("code %d", *code)
		}
		return refused, fmt.Sprintf("code %d: %.200s", *code, said.ErrMsg+said.Msg)
	}
	return refused, "an answer without a code: the address is not that of a robot"
}
