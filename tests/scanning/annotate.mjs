// Writes annotations with GitHub's own library: node annotate.mjs FILE.json
import { readFileSync } from "node:fs";
import * as core from "@actions/core";

for (const { level, message, ...properties } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  core[level](message, properties);
}
