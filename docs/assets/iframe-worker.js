/* A browser runs no worker from a page that was opened from a disk. The search is one: run it in a hidden frame there. */
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      this.ready = new Promise(resolve => {
        this.frame.onload = () => resolve(this.start(url))
      })
      this.frame.srcdoc = "<!doctype html><body></body>"
      const attach = () => document.body.append(this.frame)
      if (document.body) attach()
      else addEventListener("DOMContentLoaded", attach)
    }

    /* Load the script in the frame, where `postMessage` sends to this page, and `importScripts` loads one after another. */
    async start(url) {
      const inner = this.frame.contentWindow
      const load = source => new Promise((resolve, reject) => {
        const script = inner.document.createElement("script")
        script.src = source
        script.onload = resolve
        script.onerror = reject
        inner.document.body.append(script)
      })
      inner.postMessage = data => this.dispatchEvent(new MessageEvent("message", { data }))
      inner.importScripts = (...sources) =>
        sources.reduce((before, source) => before.then(() => load(new URL(source, url))), Promise.resolve())
      await load(url)
      return inner
    }

    postMessage(data) {
      this.ready.then(inner => inner.dispatchEvent(new inner.MessageEvent("message", { data })))
    }

    terminate() {
      this.frame.remove()
    }
  }
  window.Worker = window.IFrameWorker
}
