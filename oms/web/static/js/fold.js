// Vietnamese text as it is typed without marks: lower case, no tone or vowel marks, d for đ.
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
}

// True when every typed word occurs in the text; marks typed count, marks not typed do not.
export function fits(text, typed) {
  const plain = fold(text);
  const exact = text.normalize("NFC").toLowerCase();
  return typed.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean)
    .every((word) => (fold(word) === word ? plain.includes(word) : exact.includes(word)));
}
