import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import webpack from "webpack";

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

const PAGES = ["index.html", "admin-panel.html", "base.css", "admin-panel.css", "shop.css"];
const WIDGET_LIMIT = 6 * 1024;

/** Copies pages and style sheets to the output folder. */
class Pages {
  apply(compiler) {
    compiler.hooks.thisCompilation.tap("Pages", (compilation) => {
      compilation.hooks.processAssets.tap("Pages", () => {
        for (const name of PAGES) {
          compilation.fileDependencies.add(pathOf(name));
          compilation.emitAsset(name, new webpack.sources.RawSource(readFileSync(pathOf(name))));
        }
      });
    });
  }
}

/** Escapes non-ASCII characters in scripts, so that pages of any encoding can load them. */
class Ascii {
  apply(compiler) {
    compiler.hooks.thisCompilation.tap("Ascii", (compilation) => {
      const stage = webpack.Compilation.PROCESS_ASSETS_STAGE_OPTIMIZE_SIZE + 1;
      compilation.hooks.processAssets.tap({ name: "Ascii", stage }, (assets) => {
        for (const name of Object.keys(assets).filter((asset) => /\.m?js$/.test(asset))) {
          const script = assets[name].source().toString().replace(/[^ -~\n]/g, escape);
          compilation.updateAsset(name, new webpack.sources.RawSource(script));
        }
      });
    });
  }
}

const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Fails the build if the gzipped script exceeds a size limit. */
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
        const message = `${this.name} must be at most ${this.limit} bytes gzipped, got ${size}. Reduce the script or raise WIDGET_LIMIT.`;
        compilation.errors.push(new webpack.WebpackError(message));
      });
    });
  }
}

const common = {
  mode: "production",
  context: pathOf("."),
  devtool: false,
  target: ["web", "es2022"],
  performance: { hints: false },
  stats: { preset: "errors-warnings", assets: true, groupAssetsByEmitStatus: false },
};

const output = { path: pathOf("dist"), filename: "[name].js" };

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
