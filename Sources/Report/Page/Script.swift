// SPDX-License-Identifier: Apache-2.0

/// What moves on the page. Sliders are form elements, so that keys and readers of screens can move them too;
/// dragging on an image moves its slider.
let reportScript: HTML = """
  "use strict";
  const show = (slider) => {
    const stack = slider.closest("figure").querySelector(".stack");
    stack.style.setProperty("--x", slider.value + "%");
    slider.setAttribute("aria-valuetext", slider.value + " % before");
  };
  for (const slider of document.querySelectorAll(".slider")) {
    slider.addEventListener("input", () => show(slider));
    const stack = slider.closest("figure").querySelector(".stack");
    const drag = (event) => {
      const box = stack.getBoundingClientRect();
      slider.value = Math.round(100 * (event.clientX - box.left) / box.width);
      show(slider);
    };
    stack.addEventListener("pointerdown", (event) => {
      stack.setPointerCapture(event.pointerId);
      drag(event);
      event.preventDefault();
    });
    stack.addEventListener("pointermove", (event) => {
      if (stack.hasPointerCapture(event.pointerId)) drag(event);
    });
    show(slider);
  }
  for (const slider of document.querySelectorAll(".opacity")) {
    const article = slider.closest("article");
    const set = () => article.style.setProperty("--opacity", slider.value / 100);
    slider.addEventListener("input", set);
    set();
  }
  """
