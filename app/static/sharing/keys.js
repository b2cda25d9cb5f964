// The key pairs of requests, kept by this browser. It can use a private key, but not export it.

const NAME = "exposure-alert-sharing";
const STORE = "requests";

export const add = (request) => transact("readwrite", (store) => store.add(request));

export const remove = (id) => transact("readwrite", (store) => store.delete(id));

export const all = () => transact("readonly", (store) => store.getAll());

async function transact(mode, action) {
  const database = await settled(opening());
  try {
    const transaction = database.transaction(STORE, mode);
    return await settled(action(transaction.objectStore(STORE)));
  } finally {
    database.close();
  }
}

function opening() {
  const request = indexedDB.open(NAME, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE, { keyPath: "id" }));
  return request;
}

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
