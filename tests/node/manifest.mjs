// Holds an app package's manifest and language files against Microsoft's schemas, by Microsoft's own validator, without the network.
// stdin: {"manifest": {...}, "languages": {"en.json": {...}}}; stdout: a list of problems, each beginning with its file's name
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const { AppManifestUtils } = require("@microsoft/app-manifest");
const schemas = join(dirname(require.resolve("@microsoft/app-manifest")), "json-schemas", "teams");
const { manifest, languages } = JSON.parse(readFileSync(0, "utf8"));

// the schemas hold patterns with a bare "]" that JavaScript refuses to read as Unicode: it is escaped, which means the same
const schema = (name) => JSON.parse(readFileSync(join(schemas, `v${manifest.manifestVersion}`, name), "utf8").replaceAll("\\\\b]", "\\\\b\\\\]"));
const against = async (file, content, name) => {
  const hosted = `https://developer.microsoft.com/json-schemas/teams/v${manifest.manifestVersion}/${name}`;
  const wrong = await AppManifestUtils.validateAgainstSchema(content, schema(name));
  return [...(content.$schema === hosted ? [] : [`$schema is not ${hosted}`]), ...wrong].map((problem) => `${file}: ${problem}`);
};
const found = [await against("manifest.json", manifest, "MicrosoftTeams.schema.json")];
for (const [file, content] of Object.entries(languages)) found.push(await against(file, content, "MicrosoftTeams.Localization.schema.json"));
process.stdout.write(JSON.stringify(found.flat()));
