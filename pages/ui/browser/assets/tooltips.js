// On a narrow page the tooltip of a button may cover the links to other pages, and stays open while
// the pointer is over it. So tooltips of buttons let clicks through; those of input fields do not.
//
// A style rule for this would need `body:has()`, which makes every change of the page slower: the
// frame after a slider's move came 20 ms later.

document.addEventListener("pointerover", ({ target }) => {
  const content = target.closest?.("[data-testid=stTooltipContent]");
  const id = content?.closest("[role=tooltip]")?.id;
  if (id && document.querySelector(`.stButton [aria-describedby="${CSS.escape(id)}"]`)) {
    content.style.pointerEvents = "none";
  }
});
