// Writes oms/web/static/vendor/ from the packages of package-lock.json: Bootstrap's CSS, the fonts, one icon
// sprite and their licences. Fails when a file would break the content security policy of the pages.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile, Logger } from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "../../../node_modules");
const vendor = join(here, "../static/vendor");
const font = join(modules, "@fontsource/be-vietnam-pro");
const weights = ["400-normal", "400-italic", "500-normal", "600-normal"];
const subsets = ["vietnamese", "latin-ext", "latin"];

function writeStyles() {
  const { css } = compile(join(here, "bootstrap.scss"), {
    loadPaths: [modules], style: "compressed", quietDeps: true, logger: Logger.silent,
  });
  const pictures = css.match(/url\([^)]{0,60}/g) ?? [];
  const foreign = pictures.filter((picture) => !picture.startsWith('url("../icons/') && !picture.startsWith("url(../icons/"));
  if (foreign.length) throw new Error(`bootstrap.css refers to pictures the policy forbids: ${foreign.join("; ")}`);
  writeFileSync(join(vendor, "bootstrap.css"), css);
}

function writeFonts() {
  mkdirSync(join(vendor, "fonts"));
  let css = "";
  for (const weight of weights) {
    const name = weight.endsWith("italic") ? weight : weight.replace("-normal", "");
    css += readFileSync(join(font, `${name}.css`), "utf8").replace(/, url\([^)]+\.woff\) format\('woff'\)/g, "").replaceAll("./files/", "fonts/");
    for (const subset of subsets) {
      const file = `be-vietnam-pro-${subset}-${weight}.woff2`;
      copyFileSync(join(font, "files", file), join(vendor, "fonts", file));
    }
  }
  writeFileSync(join(vendor, "fonts.css"), css);
}

function writeIcons() {
  const names = readFileSync(join(here, "icons.txt"), "utf8").split("\n").filter((line) => line && !line.startsWith("#"));
  const symbols = names.map((name) => {
    const svg = readFileSync(join(modules, "bootstrap-icons/icons", `${name}.svg`), "utf8");
    const inside = svg.replace(/^[^]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").trim();
    return `<symbol id="${name}" viewBox="0 0 16 16" fill="currentColor">${inside}</symbol>`;
  });
  writeFileSync(join(vendor, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

function writeLicences() {
  mkdirSync(join(vendor, "licences"));
  for (const name of ["bootstrap", "bootstrap-icons", "@fontsource/be-vietnam-pro"]) {
    copyFileSync(join(modules, name, "LICENSE"), join(vendor, "licences", `${name.replace(/.*\//, "")}.txt`));
  }
}

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
writeStyles();
writeFonts();
writeIcons();
writeLicences();
