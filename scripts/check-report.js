// SPDX-License-Identifier: Apache-2.0
// What scripts/check-report.py asks a report that is open in Chromium.
window.checks = (() => {
  const parse = (css) => {
    const numbers = (css.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return { rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1 };
  };
  const over = (top, below) => top.rgb.map((value, i) => value * top.alpha + below[i] * (1 - top.alpha));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  // The colour behind an element: those of its ancestors, one over another.
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.alpha > 0) layers.push(colour);
      if (colour.alpha === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const contrast = (element) => {
    const style = getComputedStyle(element);
    const ground = behind(element);
    const text = over(parse(element.closest("svg") ? style.fill : style.color), ground);
    const [high, low] = [luminance(text), luminance(ground)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const textElements = () => {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || element.closest("script, style, title, .hidden")) continue;
      if (element.getClientRects().length) found.add(element);
    }
    return [...found];
  };
  const name = (element) => `<${element.tagName.toLowerCase()}> "${element.textContent.trim().slice(0, 30)}"`;
  return {
    seam: () => parseFloat(document.querySelector(".stack").style.getPropertyValue("--x")),
    box: (selector) => {
      const box = document.querySelector(selector).getBoundingClientRect();
      return { x: box.x, y: box.y, width: box.width, height: box.height };
    },
    all: () => {
      for (const details of document.querySelectorAll("details")) details.open = true;
      const problems = [];
      const wide = document.documentElement.scrollWidth;
      if (wide > innerWidth) problems.push(`the page is ${wide} pixels wide`);
      const pictures = [...document.images];
      for (const image of pictures) {
        if (!image.alt.trim()) problems.push("a picture has no text");
        if (!image.naturalWidth) problems.push(`a picture is not shown: ${image.alt}`);
      }
      for (const input of document.querySelectorAll("input")) {
        if (!input.labels.length) problems.push("a slider has no label");
      }
      const texts = textElements();
      let lowest = 21;
      for (const element of texts) {
        const found = contrast(element);
        lowest = Math.min(lowest, found);
        if (found < 4.5) problems.push(`a contrast of ${found.toFixed(2)}: ${name(element)}`);
      }
      const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
      if (new Set(ids).size !== ids.length) problems.push("an id stands twice");
      return { problems, pictures: pictures.length, texts: texts.length, contrast: lowest };
    },
  };
})();
undefined;
