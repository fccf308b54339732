// What is said of a button may lie over the links to other pages, on a narrow page, and stays there
// while the pointer is over it. A press there is for the links; only what is said of a field stays.
//
// A style rule that says the same needs `body:has()`, and makes every change of the page dearer:
// a slider's frame came some 20 ms later.

document.addEventListener("pointerover", ({ target }) => {
  const content = target.closest?.("[data-testid=stTooltipContent]");
  const id = content?.closest("[role=tooltip]")?.id;
  if (id && document.querySelector(`.stButton [aria-describedby="${CSS.escape(id)}"]`)) {
    content.style.pointerEvents = "none";
  }
});
