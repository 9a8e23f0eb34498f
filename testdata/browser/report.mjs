// What a person does with report.html, in a real Chromium that may load nothing:
//
//   node report.mjs REPORT.html OUTDIR
//
// It needs playwright-core and axe-core from npm, and a Chromium at $CHROMIUM (default
// /usr/bin/chromium). Pictures and the printed page are left in OUTDIR. It fails on the first
// thing that is not as it should be.
import { chromium } from 'playwright-core'
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [file, out] = process.argv.slice(2)
if (!file || !out) {
  console.error('usage: node report.mjs REPORT.html OUTDIR')
  process.exit(2)
}
fs.mkdirSync(out, { recursive: true })
const url = pathToFileURL(path.resolve(file)).href
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const faults = []

// open opens the page and notes whatever it asks for beside itself, and what it complains of.
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  await context.route('**', route => {
    if (route.request().url() === url) return route.continue()
    faults.push('it asked for ' + route.request().url())
    return route.abort()
  })
  const page = await context.newPage()
  page.on('console', m => m.type() === 'error' && faults.push('the console says: ' + m.text()))
  page.on('pageerror', e => faults.push('a script failed: ' + e.message))
  page.on('dialog', d => { faults.push('a dialog: ' + d.message()); d.dismiss() })
  await page.goto(url)
  return page
}

const shown = (page, selector) => page.locator(selector).filter({ visible: true })

async function languages(page) {
  for (const [id, lang, other, words] of [['zh', 'zh-CN', 'en', /勾对率/], ['en', 'en', 'zh-CN', /Match rate/]]) {
    await page.click(`label[for=${id}]`)
    assert.equal(await page.evaluate(() => document.documentElement.lang), lang)
    assert.match(await page.locator('#h-rate').innerText(), words)
    const both = await page.evaluate(o => [...document.querySelectorAll(`main [lang="${o}"]:not(.asis)`)].filter(e => e.offsetParent).length, other)
    assert.equal(both, 0, `texts in ${other} are shown in ${lang}`)
  }
}

async function themes(page) {
  const ground = () => page.evaluate(() => getComputedStyle(document.querySelector('.page')).backgroundColor)
  await page.click('label[for=light]')
  const light = await ground()
  await page.click('label[for=dark]')
  assert.notEqual(await ground(), light)
  await page.click('label[for=auto]')
  await page.emulateMedia({ colorScheme: 'dark' })
  assert.notEqual(await ground(), light, 'the theme does not follow the system')
  await page.emulateMedia({ colorScheme: 'light' })
  assert.equal(await ground(), light)
}

// keyboard changes the language without a mouse, and shows where it is.
async function keyboard(page) {
  await page.evaluate(() => document.getElementById('en').focus())
  await page.keyboard.press('ArrowRight')
  assert.equal(await page.locator('#zh').isChecked(), true)
  const outline = await page.evaluate(() => getComputedStyle(document.querySelector('label[for=zh]')).outlineStyle)
  assert.equal(outline, 'solid', 'the focus cannot be seen')
  await page.keyboard.press('ArrowLeft')
}

async function breaks(page) {
  const rows = page.locator('#break-table > tbody')
  const all = await rows.count()
  if (all === 0) return
  const order = (await rows.nth(all - 1).locator('summary').innerText()).trim()
  await page.fill('#find-break-table', order)
  await page.waitForFunction(n => [...document.querySelectorAll('#break-table > tbody')].filter(b => !b.hidden).length < n, Math.max(all, 2))
  for (const row of await shown(page, '#break-table > tbody').all()) assert.ok((await row.textContent()).includes(order))
  await page.fill('#find-break-table', '')
  await page.waitForFunction(n => [...document.querySelectorAll('#break-table > tbody')].filter(b => !b.hidden).length === n, all)

  // Down to order, file and line; with the keyboard.
  const first = rows.first()
  assert.equal(await first.locator('.story').isVisible(), false)
  await first.locator('summary').focus()
  await page.keyboard.press('Enter')
  await first.locator('.story').waitFor({ state: 'visible' })
  const place = (await first.locator('td.at').textContent()).trim()
  const story = await first.locator('.story').textContent()
  assert.ok(story.includes(place.slice(place.lastIndexOf('/') + 1).split('!').pop()), `${place} is not told below`)
  await page.locator('#break-table').screenshot({ path: path.join(out, 'breaks.png') })
  await page.keyboard.press('Enter')
  await first.locator('.story').waitFor({ state: 'hidden' })

  // A kind leads to its breaks.
  const kind = page.locator('.kinds tbody th a').first()
  await kind.click()
  const want = await kind.getAttribute('data-kind')
  for (const row of await shown(page, '#break-table > tbody').all()) assert.equal(await row.getAttribute('data-kind'), want)
  await page.locator('.kinds tfoot th a').click()
  assert.equal(await shown(page, '#break-table > tbody').count(), all)
}

async function narrow(language, theme) {
  const page = await open({ viewport: { width: 360, height: 740 }, isMobile: true, deviceScaleFactor: 2 })
  await page.click(`label[for=${language}]`)
  await page.click(`label[for=${theme}]`)
  for (const d of await page.locator('details').all()) await d.evaluate(e => { e.open = true })
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth])
  assert.ok(widths[0] <= 360, `the page is ${widths[0]} wide on a phone of 360`)
  for (const d of await page.locator('details').all()) await d.evaluate(e => { e.open = false })
  await page.screenshot({ path: path.join(out, `phone-${language}-${theme}.png`) })
  await page.context().close()
}

async function accessible(page, what) {
  for (const details of await page.locator('details.data').all()) await details.evaluate(e => { e.open = true })
  await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: { region: { enabled: false } } }))
  for (const v of found.violations) faults.push(`axe, ${what}: ${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')}`)
  return found.passes.length
}

// scriptless is what a mail programme's preview shows.
async function scriptless() {
  const page = await open({ javaScriptEnabled: false })
  await page.click('label[for=zh]')
  await page.click('label[for=dark]')
  assert.match(await page.locator('#h-rate').innerText(), /^勾对率$/)
  assert.equal(await page.locator('.search').first().isVisible(), false, 'a search is offered that does nothing')
  const story = page.locator('#break-table .story').first()
  if (await story.count()) {
    assert.equal(await story.isVisible(), false)
    await page.locator('#break-table summary').first().click()
    await story.waitFor({ state: 'visible' })
  }
  await page.screenshot({ path: path.join(out, 'scriptless.png') })
  await page.context().close()
}

try {
  const page = await open()
  await languages(page)
  await themes(page)
  await keyboard(page)
  await breaks(page)
  let passes = 0
  for (const language of ['en', 'zh']) {
    for (const theme of ['light', 'dark']) {
      await page.click(`label[for=${language}]`)
      await page.click(`label[for=${theme}]`)
      await page.evaluate(() => scrollTo(0, 0))
      await page.screenshot({ path: path.join(out, `page-${language}-${theme}.png`), fullPage: true })
    }
  }
  for (const language of ['en', 'zh']) {
    for (const theme of ['light', 'dark']) {
      // axe runs from outside the page's policy, in a page of its own.
      const looked = await open({ bypassCSP: true })
      await looked.click(`label[for=${language}]`)
      await looked.click(`label[for=${theme}]`)
      passes += await accessible(looked, `${language}, ${theme}`)
      await looked.context().close()
      await narrow(language, theme)
    }
  }
  await scriptless()
  for (const language of ['en', 'zh']) {
    await page.click(`label[for=${language}]`)
    const pdf = await page.pdf({ path: path.join(out, `print-${language}.pdf`), preferCSSPageSize: true, printBackground: true })
    const size = /MediaBox ?\[ ?0 0 ([0-9.]+) ([0-9.]+)/.exec(pdf.toString('latin1'))
    assert.ok(size && Math.abs(size[1] - 595) < 2 && Math.abs(size[2] - 842) < 2, `the printed page is not A4: ${size && size[0]}`)
  }
  assert.deepEqual(faults, [])
  console.log(`${path.basename(file)}: both languages, both themes, search, drill-down, 360 px, A4, ${passes} rules of axe pass`)
} finally {
  await browser.close()
}
