/** A form made of a list of fields, which says of each what the node refused it for. */
import { make, setText } from '../text.js';
import { Problem } from './problem.js';

let forms = 0;

export class Form {
  element = make('form', 'form', undefined, { autocomplete: 'off', novalidate: '' });
  #fields = new Map();
  #error = make('p', 'form-error', '', { role: 'alert' });
  #buttons = make('div', 'form-buttons');
  #submit;

  /**
   * fields: `{ name, label, kind?, hint?, value?, options?, autocomplete?, required? }`, of kind `text`, `password`, `area`,
   * `choice`, `many` or `check`. `submit(values)` may reject with a Problem; what it resolves with is up to the caller.
   */
  constructor({ fields, action, isDangerous = false, submit }) {
    forms += 1;
    for (const field of fields)
      this.element.append(this.#row(field, `form-${forms}-${field.name}`));
    this.#error.hidden = true;
    const look = isDangerous ? 'button dangerous' : 'button primary';
    this.#submit = make('button', look, action, { type: 'submit' });
    this.#buttons.append(this.#submit);
    this.element.append(this.#error, this.#buttons);
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      if (!this.#submit.disabled) void this.#run(submit);
    });
  }

  /** What was submitted is not answered yet. */
  get isBusy() {
    return this.#submit.disabled;
  }

  get values() {
    return Object.fromEntries([...this.#fields].map(([name, { read }]) => [name, read()]));
  }

  /** Beside the one that submits. */
  addButton(text, onClick) {
    const button = make('button', 'button', text, { type: 'button' });
    button.addEventListener('click', onClick);
    this.#buttons.append(button);
  }

  focus() {
    const first = this.element.querySelector('input, select, textarea') ?? this.#submit;
    first.focus();
  }

  clear(name) {
    this.#fields.get(name).input.value = '';
  }

  /** What is said of a field that is shown is said there, the rest at the end. */
  fail(error) {
    const others = [];
    for (const { path, message } of error.problems ?? []) {
      const field = this.#fields.get(path) ?? this.#fields.get(path.split(/[.[]/, 1)[0]);
      if (field)
        field.say(path.includes('.') || path.includes('[') ? `${path}: ${message}` : message);
      else others.push(path === '' ? message : `${path}: ${message}`);
    }
    const isSaid = error.problems?.length > 0;
    this.#say(isSaid ? others.join('\n') : error.message);
  }

  async #run(submit) {
    for (const { say } of this.#fields.values()) say('');
    this.#say('');
    this.#submit.disabled = true;
    try {
      await submit(this.values);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.fail(error);
    } finally {
      this.#submit.disabled = false;
    }
  }

  #say(text) {
    this.#error.hidden = text === '';
    setText(this.#error, text);
  }

  #row(field, id) {
    const row = make('div', `field field-${field.kind ?? 'text'}`);
    const { element, input, read } = KINDS[field.kind ?? 'text'](field, id);
    const error = make('p', 'field-error', '', { id: `${id}-error`, role: 'alert' });
    error.hidden = true;
    input.setAttribute('aria-describedby', `${id}-error`);
    const label = make('label', '', field.label, { for: id });
    row.append(...(field.kind === 'check' ? [element, label] : [label, element]));
    if (field.hint) row.append(make('p', 'faint field-hint', field.hint));
    row.append(error);
    const say = (text) => {
      error.hidden = text === '';
      setText(error, text);
      input.toggleAttribute('aria-invalid', text !== '');
    };
    this.#fields.set(field.name, { input, read, say });
    return row;
  }
}

const KINDS = {
  text: (field, id) => input(field, id, 'text'),
  password: (field, id) => input(field, id, 'password'),
  area: ({ name, value = '' }, id) => {
    const area = make('textarea', '', undefined, { id, name, rows: '3', spellcheck: 'false' });
    area.value = value;
    return { element: area, input: area, read: () => area.value };
  },
  check: ({ name, value = false }, id) => {
    const box = make('input', '', undefined, { id, name, type: 'checkbox' });
    box.checked = value;
    return { element: box, input: box, read: () => box.checked };
  },
  choice: ({ name, options, value }, id) => {
    const select = make('select', '', undefined, { id, name });
    for (const option of options) select.append(make('option', '', option, { value: option }));
    if (value !== undefined) select.value = value;
    return { element: select, input: select, read: () => select.value };
  },
  /** Some of the options. */
  many: ({ name, options, value = [] }, id) => {
    const group = make('div', 'choices', undefined, { id, role: 'group' });
    const boxes = options.map((option) => {
      const box = make('input', '', undefined, { type: 'checkbox', name, value: option });
      box.checked = value.includes(option);
      const label = make('label');
      label.append(box, make('span', '', option));
      group.append(label);
      return box;
    });
    const read = () => boxes.filter(({ checked }) => checked).map((box) => box.value);
    return { element: group, input: group, read };
  },
};

function input({ name, value = '', autocomplete = 'off', placeholder = '' }, id, type) {
  const attributes = { id, name, type, autocomplete, placeholder, spellcheck: 'false' };
  const element = make('input', '', undefined, { ...attributes, autocapitalize: 'off' });
  element.value = value;
  return { element, input: element, read: () => element.value };
}
