// SPDX-License-Identifier: Apache-2.0
// check.cjs SCHEMA FILE...: a line for each thing in which a file is not what the schema says; exit 1 if any.
const fs = require("fs");
const Ajv = require("ajv");

const [schema, ...files] = process.argv.slice(2);
// What the generator writes beyond JSON Schema are comments.
const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(fs.readFileSync(schema, "utf8")));
let wrong = 0;
for (const file of files) {
  if (validate(JSON.parse(fs.readFileSync(file, "utf8")))) continue;
  for (const error of validate.errors) {
    console.log(`${file}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
    ++wrong;
  }
}
process.exit(wrong === 0 ? 0 : 1);
