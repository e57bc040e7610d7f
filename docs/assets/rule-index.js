/* The filters of the index of rules. What is chosen stands in the address, so that a choice can be linked to. */
(() => {
  const form = document.getElementById("ka-filters")
  const table = document.getElementById("ka-rules")
  if (!form || !table) return
  const rows = [...table.tBodies[0].rows]
  const count = document.getElementById("ka-count")

  /* A row is shown if it has every choice, and every word of the text. */
  const matches = (row, choices, words) =>
    choices.every(([name, value]) => row.dataset[name].split(name === "keras" ? " " : "\n").includes(value)) &&
    words.every(word => row.dataset.text.includes(word))

  const apply = () => {
    const given = [...new FormData(form)].filter(([, value]) => value !== "")
    const choices = given.filter(([name]) => name !== "text")
    const text = form.elements.text.value.toLowerCase().replaceAll("`", "")
    const words = text.split(/\s+/).filter(Boolean)
    let shown = 0
    for (const row of rows) {
      row.hidden = !matches(row, choices, words)
      shown += !row.hidden
    }
    count.value = shown === rows.length ? `${shown} rules` : `${shown} of ${rows.length} rules`
    const query = new URLSearchParams(given).toString()
    history.replaceState(null, "", `${location.pathname}${query && `?${query}`}${location.hash}`)
  }

  for (const [name, value] of new URLSearchParams(location.search)) {
    if (form.elements[name]) form.elements[name].value = value
  }
  form.hidden = false
  form.addEventListener("input", apply)
  form.addEventListener("submit", event => event.preventDefault())
  form.addEventListener("reset", () => setTimeout(apply))
  apply()
})()
