// Pointing at a text shows it at once, finds it in the other picture, and pales the texts of other labels. The file is a
// part of XHTML: it has no less-than sign and no ampersand.
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
    for (const one of plane.querySelectorAll("g.is-picked")) one.children[place].classList.add("is-twin");
    const [text, label] = mark.dataset.text.split("\n"), small = document.createElement("small");
    small.textContent = label;
    tip.replaceChildren(text, small);
    tip.hidden = false;
    tip.style.left = "0";  // so that it is as wide as its text
    const { clientWidth, clientHeight } = document.documentElement, { offsetWidth, offsetHeight } = tip;
    const left = Math.min(event.clientX + 14, clientWidth - offsetWidth - 12), below = event.clientY + 16;
    tip.style.left = `${Math.max(left, 12)}px`;
    tip.style.top = `${below + offsetHeight > clientHeight ? event.clientY - offsetHeight - 12 : below}px`;
  }

  // The mark that a finger means, which seldom hits it.
  function nearest(picture, event) {
    let found = null, least = 24;
    for (const mark of picture.querySelectorAll("g[data-label] > *")) {
      const box = mark.getBoundingClientRect();
      const distance = Math.hypot(box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY);
      if (least > distance) [found, least] = [mark, distance];
    }
    return found;
  }

  function react(event, mark) {
    const entry = event.target.closest("#plane li[data-label]");
    if (mark) show(mark, event);
    else if (entry) pick(entry.dataset.label);
    else clear();
  }

  plane.addEventListener("pointerover", (event) => react(event, event.target.closest("g[data-label] > *")));
  plane.addEventListener("pointerleave", clear);
  document.addEventListener("click", (event) => {
    const picture = event.target.closest("#plane figure svg");
    react(event, picture ? nearest(picture, event) : null);
  });
  addEventListener("scroll", clear, { passive: true });
}
