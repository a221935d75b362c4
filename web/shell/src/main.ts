/** The shell's start: everything visible is in App. */
import { mount } from 'svelte';
import App from './App.svelte';
import { readBoot } from './boot.js';
import icon from './icon.svg';

const host = document.getElementById('app');
if (host === null) throw new Error('the page has no #app');
if (document.querySelector('link[rel=icon]') === null) {
  document.head.append(Object.assign(document.createElement('link'), { rel: 'icon', href: icon }));
}
mount(App, { target: host, props: { boot: readBoot() } });
