// Pointing at a text shows it at once, finds it in the other picture, and pales the texts of other labels.
const plane = document.getElementById("plane");
if (plane) {
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  // The browser's own tooltip would come on top of ours.
  for (const title of plane.querySelectorAll("g title")) {
    title.parentNode.dataset.text = title.textContent;
    title.remove();
  }

  function clear() {
    tip.hidden = true;
    plane.classList.remove("picked");
    for (const one of plane.querySelectorAll(".is-picked, .is-twin")) one.classList.remove("is-picked", "is-twin");
  }

  function pick(label) {
    clear();
    plane.classList.add("picked");
    for (const one of plane.querySelectorAll(`[data-label="${label}"]`)) one.classList.add("is-picked");
  }

  function show(mark, event) {
    const group = mark.parentNode, place = [...group.children].indexOf(mark);
    pick(group.dataset.label);
    for (const one of plane.querySelectorAll(`g[data-label="${group.dataset.label}"]`)) {
      one.children[place].classList.add("is-twin");
    }
    const [text, label] = mark.dataset.text.split("\n"), small = document.createElement("small");
    small.textContent = label;
    tip.replaceChildren(text, small);
    tip.hidden = false;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 12);
    const below = event.clientY + 16, above = event.clientY - tip.offsetHeight - 12;
    tip.style.left = `${Math.max(left, 12)}px`;
    tip.style.top = `${below + tip.offsetHeight > innerHeight ? above : below}px`;
  }

  plane.addEventListener("pointerover", (event) => {
    const mark = event.target.closest("g[data-label] > *"), entry = event.target.closest("li[data-label]");
    if (mark) show(mark, event);
    else if (entry) pick(entry.dataset.label);
    else clear();
  });
  plane.addEventListener("pointerleave", clear);
}
