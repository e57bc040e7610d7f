/* Makes a pasted error message a query. Signs that the search takes for operators would make it find nothing; words that
   it completes, and numbers and addresses that differ from run to run, would make it find anything. */
function queryOfMessage(text) {
  const words = text.split(/[\s\-,.:;!?"`'()[\]{}<>=/\\|+*~^@#]+/).filter(Boolean)
  if (!/(Error|Exception|Warning)\b/.test(text) && words.length < 5) return text
  const telling = words.filter(word => word.length > 1 && !/^(\d|0x)/.test(word))
  return telling.length ? telling.map(word => `${word}^1`).join(" ") : text
}

/* The search runs in a worker, which is told what was typed in a message of this type. */
const SEARCH_QUERY = 2
if (typeof Worker !== "undefined") {
  const post = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (message, ...rest) {
    const query = message && message.type === SEARCH_QUERY && typeof message.data === "string"
    return post.call(this, query ? { ...message, data: queryOfMessage(message.data) } : message, ...rest)
  }
}
