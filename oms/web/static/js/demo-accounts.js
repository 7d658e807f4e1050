// On the sign-in page of a demonstration: a press on a user name fills the form and leaves signing in to the person.
const form = document.getElementById("sign-in");
const password = document.querySelector("[data-demo-password]").textContent;

for (const name of document.querySelectorAll("[data-demo-account]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-link p-0";
  button.textContent = name.textContent;
  button.addEventListener("click", () => {
    form.elements.username.value = name.textContent;
    form.elements.password.value = password;
    form.querySelector("button").focus();
  });
  name.replaceWith(button);
}
