// Filling a list anew without taking the keyboard's place away.

/** Gives a list other lines; what had the focus has it again, or what is called the same now, or `otherwise`. */
export function refill(list, lines, otherwise = null) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  list.replaceChildren(...lines);
  if (focused === null || focused === document.activeElement) return;
  const called = [...list.querySelectorAll("a, button")].find((each) => label(each) === label(focused));
  (focused.isConnected ? focused : (called ?? otherwise))?.focus({ preventScroll: true });
}

function label(element) {
  return element.getAttribute("aria-label") ?? element.textContent;
}
