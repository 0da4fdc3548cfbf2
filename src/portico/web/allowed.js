// What the server allows with files, as it was when this page came. It has the last word; this saves offering in vain.

export const mayChange = document.body.dataset.files === "change";
