/** Questions above the page: a form, or whether something that cannot be undone is really meant. */
import { make } from '../text.js';
import { Form } from './form.js';
import { Problem } from './problem.js';

/** Closes when `submit` resolves; resolves with true then, and with false when it was put aside. */
export function askForm({ title, text, fields, action, isDangerous, submit }) {
  return new Promise((resolve) => {
    const dialog = make('dialog', 'dialog', undefined, { 'aria-label': title });
    const form = new Form({
      fields,
      action,
      isDangerous,
      async submit(values) {
        await submit(values);
        isDone = true;
        dialog.close();
      },
    });
    let isDone = false;
    const cancel = () => {
      if (!form.isBusy) dialog.close(); // or nobody would see how it ended
    };
    form.addButton('Cancel', cancel);
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      cancel();
    });
    dialog.append(make('h2', '', title));
    if (text) dialog.append(make('p', 'dialog-text', text));
    dialog.append(form.element);
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(isDone);
    });
    document.body.append(dialog);
    dialog.showModal();
    if (fields.length > 0) form.focus();
  });
}

/** `typed`: a name that must be written out, for what takes much with it. */
export function confirm({ title, text, action, typed, fields = [], submit }) {
  const hint = typed && { name: 'typed', label: `Write ${typed} to go on` };
  return askForm({
    title,
    text,
    action,
    isDangerous: true,
    fields: hint ? [...fields, hint] : fields,
    async submit(values) {
      if (typed && values.typed !== typed) {
        const message = 'is not the name';
        throw new Problem(0, message, [{ path: 'typed', message }]);
      }
      await submit(values);
    },
  });
}

/** Something to read. */
export function tell(title, lines) {
  const dialog = make('dialog', 'dialog', undefined, { 'aria-label': title });
  const list = make('ul', 'dialog-list');
  for (const line of lines) list.append(make('li', '', line));
  const button = make('button', 'button', 'Close', { type: 'button' });
  button.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  dialog.append(make('h2', '', title), list, button);
  document.body.append(dialog);
  dialog.showModal();
}

export function closeAll() {
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
}
