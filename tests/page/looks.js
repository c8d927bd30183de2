// Returns what is wrong with the looks of a page: boxes that stick out of it, and texts of too little contrast.
(() => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} px wide, its window ${root.clientWidth}`);

  const isHidden = (element) => !element.checkVisibility({ visibilityProperty: true });
  const scrolls = (element) => element.closest(".scroll") && getComputedStyle(element.closest(".scroll")).overflowX !== "visible";
  const shown = (element) => `${element.tagName} ${element.className?.baseVal ?? element.className} "${element.textContent.slice(0, 40)}"`;

  const parse = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { channels: [red, green, blue], alpha };
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { channels, alpha } = parse(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return channels;
    }
    return [255, 255, 255];
  };
  const luminance = (channels) => {
    const [red, green, blue] = channels.map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  for (const element of document.body.querySelectorAll("*")) {
    if (isHidden(element) || element.closest(".unseen, .skip")) continue;
    const box = element.getBoundingClientRect();
    if (!scrolls(element) && box.width > 0 && (box.right > root.clientWidth + 1 || box.left < -1)) {
      wrong.push(`${shown(element)} reaches from ${box.left} to ${box.right}`);
    }
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (hasText && !(element instanceof SVGElement)) {
      const found = contrast(parse(getComputedStyle(element).color).channels, behind(element));
      if (found < 4.5) wrong.push(`${shown(element)} has a contrast of ${found.toFixed(2)}`);
    }
    if (element.matches("rect.now, rect.then, path.moves, path.stays, path.left")) {
      const fill = parse(getComputedStyle(element).fill).channels;
      const found = contrast(fill, behind(element));
      if (found < 3) wrong.push(`${shown(element)} has a contrast of ${found.toFixed(2)}`);
    }
  }
  return wrong;
})()
