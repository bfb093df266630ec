// Takes the token of an observer's link from the address and sends it with the page's form: what follows the
// "#" is never sent by the browser itself, and does not stay in its history.
const form = document.getElementById("join");
const token = location.hash.slice(1);
if (form && token) {
  history.replaceState(null, "", location.pathname);
  form.elements.namedItem("token").value = token;
  form.submit();
}
