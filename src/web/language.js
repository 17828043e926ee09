/**
 * Which half of the text is shown: what the address says (`?lang=ja`, `?lang=en`), else the first of the reader's languages that the page
 * speaks, else English. A classic script, so that it has run before anything is painted. Without scripts both halves are shown.
 */
(() => {
  const root = document.documentElement;
  const spoken = (language) => /^(ja|en)\b/i.exec(language ?? '')?.[1].toLowerCase();
  const asked = () => spoken(new URLSearchParams(location.search).get('lang'));

  function show(language) {
    root.lang = language;
    root.dataset.language = language;
  }

  addEventListener('click', (event) => {
    /** @type {HTMLAnchorElement} */
    const link = /** @type {Element} */ (event.target).closest?.('a[href]');
    if (!link) return;
    if (link.closest('.languages')) {
      event.preventDefault();
      const address = new URL(link.href);
      address.hash = location.hash;
      history.replaceState(history.state, '', address);
      show(link.hreflang);
    } else if (link.origin === location.origin && asked()) {
      link.search = `?lang=${root.lang}`;
    }
  });

  show(asked() ?? (navigator.languages ?? [navigator.language]).map(spoken).find(Boolean) ?? 'en');
})();
