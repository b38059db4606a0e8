import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import webpack from "webpack";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const PAGES = ["index.html", "admin-panel.html", "base.css", "admin-panel.css", "shop.css"];
const WIDGET_LIMIT = 6 * 1024;

/** Puts pages and style sheets beside the scripts, as they are. */
class Pages {
  apply(compiler) {
    compiler.hooks.thisCompilation.tap("Pages", (compilation) => {
      compilation.hooks.processAssets.tap("Pages", () => {
        for (const name of PAGES) {
          compilation.fileDependencies.add(here(name));
          compilation.emitAsset(name, new webpack.sources.RawSource(readFileSync(here(name))));
        }
      });
    });
  }
}

/** Writes scripts in ASCII: a page in another encoding reads them as they are meant. */
class Ascii {
  apply(compiler) {
    compiler.hooks.thisCompilation.tap("Ascii", (compilation) => {
      const stage = webpack.Compilation.PROCESS_ASSETS_STAGE_OPTIMIZE_SIZE + 1;
      compilation.hooks.processAssets.tap({ name: "Ascii", stage }, (assets) => {
        for (const name of Object.keys(assets).filter((asset) => /\.m?js$/.test(asset))) {
          const text = assets[name].source().toString().replace(/[^ -~\n]/g, escaped);
          compilation.updateAsset(name, new webpack.sources.RawSource(text));
        }
      });
    });
  }
}

const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Fails the build when what every product page loads grows. */
class SizeLimit {
  constructor(name, limit) {
    this.name = name;
    this.limit = limit;
  }

  apply(compiler) {
    compiler.hooks.thisCompilation.tap("SizeLimit", (compilation) => {
      const stage = webpack.Compilation.PROCESS_ASSETS_STAGE_REPORT;
      compilation.hooks.processAssets.tap({ name: "SizeLimit", stage }, (assets) => {
        const size = gzipSync(assets[this.name].buffer(), { level: 9 }).length;
        if (size <= this.limit) return;
        const message = `${this.name} is ${size} bytes gzipped: at most ${this.limit} are allowed`;
        compilation.errors.push(new webpack.WebpackError(message));
      });
    });
  }
}

const common = {
  mode: "production",
  context: here("."),
  devtool: false,
  target: ["web", "es2022"],
  performance: { hints: false },
  stats: { preset: "errors-warnings", assets: true, groupAssetsByEmitStatus: false },
};

const output = { path: here("dist"), filename: "[name].js" };

export default [
  {
    ...common,
    name: "scripts",
    entry: {
      "inventory-widget": "./src/inventory-widget.js",
      "admin-panel": "./src/admin-panel.js",
      shop: "./src/shop.js",
      "api-client": {
        import: "./src/api-client.js",
        library: { name: "InventoryClient", type: "var", export: "InventoryClient" },
      },
    },
    output,
    plugins: [new Pages(), new Ascii(), new SizeLimit("inventory-widget.js", WIDGET_LIMIT)],
  },
  {
    ...common,
    name: "modules",
    entry: { "api-client": "./src/api-client.js" },
    output: { ...output, filename: "[name].mjs", library: { type: "module" } },
    plugins: [new Ascii()],
    experiments: { outputModule: true },
  },
];
