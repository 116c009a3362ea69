// Counts tokens as OpenAI's models do (vocabulary o200k): a JSON list of texts on standard input, a JSON list of numbers on standard output.
import { readFileSync } from "node:fs";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";

const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => countTokens(text))));
