// Opens a page as a browser would, as far as its script goes, and presses a button. Prints what the page says then.
//
//     node click.js PAGE SERVICE LINK BUTTON

const fs = require("node:fs");
const vm = require("node:vm");

const [page, service, link, button] = process.argv.slice(2);
const [, script] = /<script>(.*)<\/script>/s.exec(fs.readFileSync(page, "utf8"));
const elements = new Map();
const getElementById = (id) => elements.get(id) ?? elements.set(id, {}).get(id);

// As whoever puts the page up writes their own address into it.
const edited = script.replace(/const SERVICE = ".*";/, `const SERVICE = "${service}";`);
vm.runInNewContext(edited, {
  location: new URL(link),
  document: { getElementById },
  URLSearchParams,
  crypto: globalThis.crypto,
  fetch,
});
getElementById(button)
  .onclick()
  .then(() => console.log(getElementById("outcome").textContent));
