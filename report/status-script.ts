/**
 * Finds kmods by name and state on the status page; without it the page is whole, only longer. Its hash stands in the
 * page's Content-Security-Policy, so the string must reach the page unchanged.
 */
export const STATUS_SCRIPT = `
(() => {
  const form = document.getElementById('find');
  if (!form) return;
  const [name, state] = [form.querySelector('input'), form.querySelector('select')];
  const told = form.querySelector('output');
  const items = [...document.querySelectorAll('[data-kmod]')];
  const show = () => {
    const wanted = name.value.trim().toLowerCase();
    const kmods = new Set();
    for (const item of items) {
      const isNamed = item.dataset.kmod.toLowerCase().includes(wanted);
      const isShown = isNamed && (state.value === '' || item.dataset.states.split(' ').includes(state.value));
      item.hidden = !isShown;
      if (isShown) kmods.add(item.dataset.kmod);
    }
    const isAll = wanted === '' && state.value === '';
    told.textContent = isAll ? '' : kmods.size + (kmods.size === 1 ? ' kmod' : ' kmods');
    const words = new URLSearchParams(isAll ? {} : { kmod: wanted, state: state.value });
    history.replaceState(null, '', isAll ? location.pathname : '#find:' + words);
  };
  if (location.hash.startsWith('#find:')) {
    const words = new URLSearchParams(location.hash.slice(6));
    name.value = words.get('kmod') || '';
    state.value = words.get('state') || '';
    show();
  }
  form.hidden = false;
  form.addEventListener('input', show);
  form.addEventListener('submit', (event) => event.preventDefault());
})();
`;

/** SHA-256 of {@link STATUS_SCRIPT} for the page's policy; a test compares them. */
export const STATUS_SCRIPT_HASH = 'sha256-Zy31hxzs0Ec+4z7S+S8144lfGBnP6d9TQ/CWqyxXz+A=';
