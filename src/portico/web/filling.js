// Filling a list anew without taking anything away from under somebody's pointer or keyboard.

/** Gives a list lines that were drawn anew. One that looks like one that is there is left out: it does the same. */
export function redraw(list, lines) {
  const there = new Map([...list.children].map((line) => [line.textContent, line]));
  const kept = lines.map((line) => {
    const same = there.get(line.textContent);
    if (!same?.isEqualNode(line)) return line;
    there.delete(line.textContent); // it can stand in one place only
    return same;
  });
  refill(list, kept);
}

/** Gives a list other lines; what had the focus has it again, or what is called the same now, or `otherwise`. */
export function refill(list, lines, otherwise = null) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  place(list, lines);
  if (focused === null || focused === document.activeElement) return;
  const called = [...list.querySelectorAll("a, button")].find((each) => label(each) === label(focused));
  (focused.isConnected ? focused : (called ?? otherwise))?.focus({ preventScroll: true });
}

/** Has a list hold just these lines; those that stay in their order are not touched. */
function place(list, lines) {
  const wanted = new Set(lines);
  for (const line of [...list.children]) if (!wanted.has(line)) line.remove();
  lines.forEach((line, index) => {
    const there = list.children[index] ?? null;
    if (line !== there) list.insertBefore(line, there);
  });
}

function label(element) {
  return element.getAttribute("aria-label") ?? element.textContent;
}
