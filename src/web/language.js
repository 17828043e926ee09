/**
 * Which half of the text is shown: Japanese, unless the address says `?lang=en`. A classic script, so that it has run before anything
 * is painted. Without scripts both halves are shown.
 */
(() => {
  const root = document.documentElement;

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
      history.replaceState(history.state, '', address.search ? address : address.pathname + address.hash);
      show(link.hreflang);
    } else if (link.origin === location.origin && root.lang === 'en') {
      link.search = '?lang=en';
    }
  });

  show(new URLSearchParams(location.search).get('lang') === 'en' ? 'en' : 'ja');
})();
