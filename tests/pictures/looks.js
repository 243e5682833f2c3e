// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is wrong with how a map, or a page with one, looks: functions that
// return lists of complaints.
"use strict";
globalThis.looks = (() => {
  const SLACK = 0.6;  // what rounding and hinting may move an edge by
  const LEAST = 4.5;  // contrast, by WCAG 2 at level AA

  const svg = () => document.querySelector("svg");
  const box = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom, element };
  };
  const inside = (inner, outer) =>
    inner.left >= outer.left - SLACK && inner.right <= outer.right + SLACK &&
    inner.top >= outer.top - SLACK && inner.bottom <= outer.bottom + SLACK;
  const overlap = (one, other, slack = 0.02) =>
    one.left + slack < other.right && other.left + slack < one.right &&
    one.top + slack < other.bottom && other.top + slack < one.bottom;
  const say = ({ left, top, right, bottom, element }) =>
    `${element.localName} "${element.textContent.trim().slice(0, 40)}" ` +
    [left, top, right, bottom].map((edge) => edge.toFixed(1)).join(" ");

  // Pairs of boxes that overlap.
  function overlaps(boxes, slack) {
    const sorted = [...boxes].sort((one, other) => one.top - other.top);
    const out = [];
    sorted.forEach((one, index) => {
      for (const other of sorted.slice(index + 1)) {
        if (other.top >= one.bottom) break;
        if (overlap(one, other, slack)) out.push(`${say(one)} and ${say(other)}`);
      }
    });
    return out;
  }

  // Letters of a font that others fall back on can have higher lines than are
  // needed for them: their lines are taken to be as high as those of others.
  function line(text) {
    const out = box(text);
    if (!text.hasAttribute("textLength")) return out;
    const matrix = text.getScreenCTM();
    const base = matrix.d * text.y.baseVal[0].value + matrix.f;
    const size = matrix.d * parseFloat(getComputedStyle(text).fontSize);
    return { ...out, top: Math.max(out.top, base - 0.95 * size),
             bottom: Math.min(out.bottom, base + 0.3 * size) };
  }

  const texts = () => [...svg().querySelectorAll("text")].map(line);
  // The rectangle that a text is written on.
  const owner = (text) =>
    text.parentNode.querySelector(":scope > rect") || svg().querySelector("rect.ground");

  const textsInside = () =>
    texts().filter((text) => !inside(text, box(owner(text.element)))).map(say);

  const textsApart = () => overlaps(texts(), 0.3);

  // No text is on a box that it does not belong to.
  function textsOnBoxes() {
    const boxes = [...svg().querySelectorAll(".item > rect")].map(box);
    const out = [];
    for (const text of texts()) {
      for (const other of boxes) {
        if (owner(text.element) !== other.element && overlap(text, other, 0.3))
          out.push(`${say(text)} on ${say(other)}`);
      }
    }
    return out;
  }

  function boxesApart() {
    const layers = [...svg().querySelectorAll(".layer")];
    const frames = layers.map((layer) => box(layer.querySelector(".frame")));
    const ground = box(svg().querySelector(".ground"));
    const out = overlaps(frames);
    out.push(...frames.filter((frame) => !inside(frame, ground)).map(say));
    layers.forEach((layer, index) => {
      const boxes = [...layer.querySelectorAll(".item > rect")].map(box);
      out.push(...overlaps(boxes));
      out.push(...boxes.filter((one) => !inside(one, frames[index])).map(say));
      out.push(...boxes.filter((one) => !(one.right > one.left && one.bottom > one.top)).map(say));
    });
    return out;
  }

  const smallTexts = () =>
    texts().filter(({ element }) => parseFloat(getComputedStyle(element).fontSize) < 9).map(say);

  // How many items there are in boxes, by what is shown over them.
  const items = () => [...svg().querySelectorAll(".layer > .item > title")]
    .map((title) => /^([\d,]+) items more, /.exec(title.textContent))
    .reduce((sum, match) => sum + (match ? Number(match[1].replaceAll(",", "")) : 1), 0);

  function rgb(colour) {
    const match = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/.exec(colour);
    if (!match) throw new Error(`a colour that is none: ${colour}`);
    return match[4] === "0" ? null : match.slice(1, 4).map(Number);
  }

  function luminance(colour) {
    const [r, g, b] = colour.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  // The colours of a rectangle: of a pattern, all that are in it.
  function fills(rect) {
    const { fill } = getComputedStyle(rect);
    const match = /^url\("#(.*)"\)$/.exec(fill);
    if (!match) return [rgb(fill)];
    return [...document.getElementById(match[1]).querySelectorAll("rect")]
      .map((part) => rgb(getComputedStyle(part).fill));
  }

  function faintTexts() {
    const out = [];
    for (const text of texts()) {
      const colour = rgb(getComputedStyle(text.element).fill);
      for (const ground of fills(owner(text.element))) {
        const ratio = contrast(colour, ground);
        if (ratio < LEAST) out.push(`${say(text)}: ${ratio.toFixed(2)}`);
      }
    }
    return out;
  }

  // The colours of the ground and of the first box, and where they are.
  function samples() {
    const ground = svg().querySelector(".ground");
    const plain = [...svg().querySelectorAll(".layer > .item > rect")]
      .find((rect) => fills(rect).length === 1);
    return [ground, plain].filter(Boolean).map((rect) => {
      const { right, bottom } = box(rect);
      return { x: right - 9, y: bottom - 9, colours: fills(rect) };
    });
  }

  // Text of the page, but for the map, that is hard to see.
  function faintPage() {
    const out = new Set();
    for (const element of document.body.querySelectorAll("*")) {
      if (element.closest("svg, script")) continue;
      const own = [...element.childNodes]
        .some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!own) continue;
      let ground = null;
      for (let at = element; at && !ground; at = at.parentElement)
        ground = rgb(getComputedStyle(at).backgroundColor);
      const ratio = contrast(rgb(getComputedStyle(element).color), ground || [255, 255, 255]);
      if (ratio < LEAST)
        out.add(`${element.localName}.${element.className}: ${ratio.toFixed(2)}`);
    }
    return [...out];
  }

  // What makes the page wider than the window.
  function tooWide() {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth && document.body.scrollWidth <= root.clientWidth)
      return [];
    return [...document.body.querySelectorAll("*")].map(box)
      .filter(({ right, element }) => right > root.clientWidth + SLACK &&
        !element.parentElement.closest(".wide"))
      .map(say).concat(`${root.scrollWidth} of ${root.clientWidth}`);
  }

  const groundIsDark = () => luminance(fills(svg().querySelector(".ground"))[0]) < 0.1;
  const pageIsDark = () => luminance(rgb(getComputedStyle(document.body).backgroundColor)) < 0.1;

  return { textsInside, textsApart, textsOnBoxes, boxesApart, smallTexts, items, faintTexts,
           samples, faintPage, tooWide, groundIsDark, pageIsDark,
           counts: () => ({ texts: texts().length,
                            boxes: svg().querySelectorAll(".layer > .item").length }) };
})();
