// Functions that run in the page, by name.
({
  // Returns the numbers of the page with the attributes that say what they are.
  numbers() {
    return [...document.querySelectorAll("data, time")].map((element) => ({
      ...element.dataset,
      value: element.getAttribute("value") ?? element.getAttribute("datetime"),
      text: element.textContent,
    }));
  },

  // Returns texts and pictures that stand for numbers.
  contents() {
    const texts = (selector) => [...document.querySelectorAll(selector)].map((element) => element.textContent);
    const bars = [...document.querySelectorAll(".plot g")].map((bar) => ({
      title: bar.querySelector("title").textContent,
      height: [...bar.querySelectorAll("path")].reduce((sum, part) => sum + part.getBBox().height, 0),
    }));
    const days = [...document.querySelectorAll(".year svg path")].map((day) => ({
      title: day.textContent,
      level: day.getAttribute("class"),
    }));
    return {
      bars, days,
      command: texts("[data-command]").join(),
      names: texts("#names tbody th bdi"),
      courses: texts("#courses .pair > :first-child tbody th bdi"),
    };
  },

  openDetails() {
    document.querySelectorAll("details").forEach((details) => (details.open = true));
  },

  // Returns what is wrong with the page for people who do not see it, or with its parts.
  markup() {
    const wrong = [];
    const check = (holds, text) => holds || wrong.push(text);
    const all = (selector) => [...document.querySelectorAll(selector)];
    check(document.documentElement.lang === "en", "the page has no language");
    check(document.title === "Contents of tracking logs", `the title is ${document.title}`);
    const foreign = all("script, img, iframe, object, embed, link, base, video, audio, form");
    check(!foreign.length, `the page has <${foreign[0]?.localName}>`);
    const levels = all("h1, h2, h3, h4").map((heading) => Number(heading.localName[1]));
    check(levels[0] === 1 && levels.filter((level) => level === 1).length === 1, "there is not one first heading");
    levels.forEach((level, nth) => check(!nth || level <= levels[nth - 1] + 1, "a level of headings is left out"));
    for (const table of all("table")) {
      check(table.caption?.textContent, "a table has no caption");
      check([...table.querySelectorAll("th")].every((cell) => cell.scope), "a heading of a table has no scope");
      const widths = new Set([...table.rows].map((row) => row.cells.length));
      check(widths.size === 1, `rows of "${table.caption?.textContent}" have different numbers of cells`);
    }
    for (const picture of all("svg:not([aria-hidden])")) {
      const label = document.getElementById(picture.getAttribute("aria-labelledby")?.split(" ")[0]);
      check(picture.getAttribute("role") === "img" && label?.textContent, "a picture has no title");
    }
    const ids = all("[id]").map((element) => element.id);
    check(new Set(ids).size === ids.length, "an id is used twice");
    check(all("main, header, footer, nav").length === 4, "the page lacks a landmark");
    return wrong;
  },

  // Returns what does not fit the window or its box, overlaps, or has too little contrast. `strict` is whether tables fit, too.
  layout(strict) {
    const wrong = new Set();
    const named = (element) => {
      const text = element.textContent.trim().slice(0, 40);
      return `<${element.localName} class="${element.getAttribute("class") ?? ""}"> ${text}`;
    };
    const width = window.innerWidth;
    if (document.documentElement.scrollWidth > width) wrong.add(`the page is ${document.documentElement.scrollWidth} pixels wide`);
    const visible = [...document.body.querySelectorAll("*")].filter((element) => element.checkVisibility());
    for (const element of visible) {
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const isScrolled = element.closest(".scroll") && !element.matches(".scroll");
      if (element.matches("caption, svg *") || !box.width) continue;
      if (!isScrolled && (box.right > width + 0.5 || box.left < -0.5)) wrong.add(`outside of the window: ${named(element)}`);
      const mayScroll = element.matches(".scroll") && !strict;
      if (!mayScroll && style.display !== "inline" && element.scrollWidth > element.clientWidth + 1 && element.clientWidth)
        wrong.add(`wider than its box: ${named(element)}`);
      if (!element.matches(".scroll") && style.overflowY !== "visible" && element.scrollHeight > element.clientHeight + 1)
        wrong.add(`cut off: ${named(element)}`);
    }
    const overlap = (a, b) => a.right > b.left && b.right > a.left && a.bottom > b.top && b.bottom > a.top;
    for (const group of document.querySelectorAll(".dates, .levels, .months")) {
      const labels = [...group.children].filter((label) => label.checkVisibility() && label.getBoundingClientRect().width);
      labels.forEach((label, nth) => {
        const next = labels[nth + 1];
        if (next && overlap(label.getBoundingClientRect(), next.getBoundingClientRect())) wrong.add(`overlaps: ${named(label)}`);
      });
    }
    return [...wrong].slice(0, 10);
  },

  // Returns the texts with a contrast below 4.5, and the colours of bars and crosses with a contrast below 3.
  contrast() {
    const light = (color) => {
      const parts = color.match(/[\d.]+/g).map(Number);
      const [r, g, b] = parts.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => {
      const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
      return (high + 0.05) / (low + 0.05);
    };
    const isClear = (color) => color === "transparent" || /, 0\)$/.test(color);
    const behind = (element) => {
      for (; element; element = element.parentElement) {
        const color = getComputedStyle(element).backgroundColor;
        if (!isClear(color)) return color;
      }
      return "rgb(255, 255, 255)";
    };
    const wrong = new Set();
    const note = (found, least, text) => found < least && wrong.add(`contrast of ${found.toFixed(1)}: ${text}`);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || element.closest("svg") || !element.checkVisibility()) continue;
      note(contrast(getComputedStyle(element).color, behind(element)), 4.5, walker.currentNode.data.slice(0, 40));
    }
    const page = getComputedStyle(document.body).backgroundColor;
    const colors = (selector, property) =>
      document.querySelectorAll(selector).forEach((element) => note(contrast(getComputedStyle(element)[property], page), 3, element.getAttribute("class")));
    colors(".swatch:not(.d1, .d2), .bar", "backgroundColor");
    colors(".missing, path.d1, path.d2", "stroke");
    return { wrong: [...wrong].slice(0, 10), page };
  },
})
