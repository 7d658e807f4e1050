// Draws the piece of a page image around a value, with the value framed: `data-image` is the address of the image,
// `data-piece` left,top,width,height of the value in its pixels. Without a value the whole page is shown small.
const AROUND = 90;
const LEAST_WIDTH = 760;

function draw(canvas, image) {
  const sides = canvas.dataset.piece ? canvas.dataset.piece.split(",").map(Number) : null;
  const page = { width: image.naturalWidth, height: image.naturalHeight };
  const [left, top, width, height] = sides ?? [0, 0, page.width, page.height];
  const wide = sides ? Math.min(page.width, Math.max(LEAST_WIDTH, width + 2 * AROUND)) : page.width;
  const high = sides ? Math.min(page.height, height + 2 * AROUND) : page.height;
  const x = Math.max(0, Math.min(page.width - wide, left + width / 2 - wide / 2));
  const y = Math.max(0, Math.min(page.height - high, top + height / 2 - high / 2));
  canvas.width = wide;
  canvas.height = high;
  const pen = canvas.getContext("2d");
  pen.drawImage(image, x, y, wide, high, 0, 0, wide, high);
  if (!sides) return;
  pen.strokeStyle = getComputedStyle(canvas).color;
  pen.lineWidth = 4;
  pen.strokeRect(left - x - 6, top - y - 6, width + 12, height + 12);
}

export function start(root) {
  const images = new Map();
  for (const canvas of root.querySelectorAll("canvas[data-image]")) {
    const url = canvas.dataset.image;
    if (!images.has(url)) {
      const image = new Image();
      images.set(url, image);
      image.src = url;
    }
    const image = images.get(url);
    image.addEventListener("load", () => draw(canvas, image));
  }
}
