// What an accountant does with the review page, in a real Chromium:
//
//   node serve.mjs PATH_TO_RECONCILE WORK PICTURES
//
// A dataset of invented days is made, its newest breaks are looked through, found, decided
// one by one and several at once, the day is run again, and what was decided counts no
// more. Every page is looked at in both languages, light and dark, wide and on a phone's
// width. It fails on the first thing that is not as it should be.
import { chromium } from 'playwright-core'
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const [program, work, pictures] = process.argv.slice(2)
if (!program || !work || !pictures) {
  console.error('usage: node serve.mjs PATH_TO_RECONCILE WORK PICTURES')
  process.exit(2)
}
const days = ['2024-09-12', '2024-09-13', '2024-09-14']
const newest = days.at(-1)
const file = path.join(work, 'decisions.csv')
const config = path.join(work, 'reconcile.yaml')
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const faults = []
const refusals = new Map() // addresses that answer with an error, which the console tells, and with which

const reconcile = (...args) => execFileSync(program, args, { cwd: work, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const rows = where => JSON.parse(reconcile('show', 'breaks', '--out', 'days', '--json', '--where', where))

// makeDays writes three days and runs them.
function makeDays() {
  reconcile('generate', 'made', '--days', String(days.length), '--day', days[0], '--orders', '400', '--shops', '3', '--quiet',
    '--plant', 'all=0,missing_in_statement=6,missing_in_orders=4,amount_mismatch=6,duplicate_payment=3,refund_missing_in_statement=3,fee_variance=12,status_mismatch=2')
  fs.mkdirSync(path.join(work, 'inbox'))
  for (const day of days) {
    for (const name of fs.readdirSync(path.join(work, 'made', day, 'inbox'))) {
      fs.copyFileSync(path.join(work, 'made', day, 'inbox', name), path.join(work, 'inbox', `${day}-${name}`))
    }
  }
  fs.writeFileSync(config, 'schedule:\n  inbox: inbox\n  out: days\ndecisions: decisions.csv\nwrite_off_limit: 5.00\n')
  reconcile('run', '--from', days[0], '--to', newest, '--breaks-ok', '--quiet')
}

// serve starts the page on a free port and returns its address.
function serve(...args) {
  const child = spawn(program, ['serve', '--listen', '127.0.0.1:0', ...args], { cwd: work, stdio: ['ignore', 'pipe', 'pipe'] })
  process.on('exit', () => child.kill())
  const errors = []
  child.stderr.on('data', text => errors.push(String(text)))
  return new Promise((resolve, reject) => {
    child.on('exit', code => reject(new Error(`serve ended with ${code}: ${errors.join('')}`)))
    child.stdout.on('data', text => {
      const address = String(text).match(/http:\/\/[^/]+/)
      if (address) resolve({ child, address: address[0] })
    })
  })
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

// reader is somebody's browser: whatever it asks for elsewhere, and whatever the console
// says, is a fault.
async function reader(address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...options })
  await context.route('**', route => {
    if (route.request().url().startsWith(address + '/')) return route.continue()
    faults.push('it asked for ' + route.request().url())
    return route.abort()
  })
  const page = await context.newPage()
  page.on('console', m => {
    const status = refusals.get(m.location().url)
    if (status && m.text().includes(`status of ${status} `)) return
    if (m.type() === 'error' || m.type() === 'warning') faults.push(`the console says on ${page.url()}: ${m.text()}`)
  })
  page.on('pageerror', e => faults.push(`a script failed on ${page.url()}: ${e.message}`))
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI)))
  return page
}

// looked holds a page to what every page promises, and takes a picture of it.
async function looked(page, name, full = true) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  assert.ok(wider <= 0, `${name}: the page is ${wider} pixels wider than the window`)
  const { width, height } = await page.evaluate(() => ({ width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight }))
  await page.screenshot({ path: path.join(pictures, `serve-${name}.png`), fullPage: full, ...(full && { clip: { x: 0, y: 0, width, height: Math.min(height, 2200) } }) })
  await page.evaluate(axe) // by the debugger: the page's policy forbids scripts that are not its own
  const result = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }))
  assert.ok(result.passes.length > 10, `${name}: axe-core looked at the page`)
  assert.deepEqual(result.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | ')}`), [], `${name}: axe-core`)
}

async function go(page, link) {
  await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), link.click()])
}

// decideOne opens the first break, accepts it, and says which it was.
async function decideOne(page, address) {
  await page.goto(address + '/')
  await looked(page, 'days')
  await go(page, page.getByRole('link', { name: newest, exact: true }))
  await looked(page, 'day')
  await go(page, page.getByRole('link', { name: 'Open breaks' }))
  await looked(page, 'queue')

  await page.getByLabel('Kind', { exact: true }).selectOption('amount_mismatch')
  await go(page, page.getByRole('button', { name: 'Show' }))
  for (const kind of await page.locator('td.kind').allInnerTexts()) assert.equal(kind.trim(), 'Amount differs')
  const order = (await page.locator('td.order a').first().innerText()).trim()
  await page.getByLabel('Find').fill(order)
  await go(page, page.getByRole('button', { name: 'Show' }))
  assert.equal(await page.locator('td.order a').count(), 1, 'a search for an order number finds it alone')

  await go(page, page.locator('td.order a').first())
  await page.getByRole('heading', { name: 'The order’s whole story'.replace('’', "'") }).waitFor()
  const story = await page.locator('section.story').innerText()
  assert.match(story, new RegExp(order), 'the story is of the order')
  assert.match(story, /Expected, by the orders[\s\S]*Received, by the statements/)
  await looked(page, 'break')
  await looked(page, 'break-top', false)

  await page.getByLabel('Your name').fill('李会计')
  await page.getByLabel('Note').fill('=1+1 客户已补差 <script>alert(1)</script>')
  await page.getByLabel('Note').press('Enter') // decides nothing: no decision was chosen
  assert.equal(fs.existsSync(file), false, 'Enter in the note decides nothing')
  await go(page, page.getByRole('button', { name: 'Accept' }))
  await page.getByText('It stands in the file of decisions, and takes effect with the next run.').waitFor()
  assert.match(await page.locator('.timeline').innerText(), /accepted\s+李会计[\s\S]*=1\+1 客户已补差 <script>/)
  await looked(page, 'decided')
  const id = page.url().match(/breaks\/([^?]+)/)[1]
  const text = fs.readFileSync(file, 'utf8')
  assert.match(text, new RegExp(`^\ufeffbreak_id,decision,who,when,note,assignee\n${id},accept,李会计,\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,'=1\\+1`), 'the file has the decision, and no formula')
  return id
}

// openReport sees the report of the day work in its sandbox: it runs its own scripts, and
// has no origin that could reach the page.
async function openReport(page, address) {
  await page.goto(`${address}/day/${newest}`)
  await page.goto(address + await page.getByRole('link', { name: 'Report' }).getAttribute('href'))
  assert.equal(await page.evaluate(() => window.origin), 'null', 'the report has an origin of its own')
  assert.ok(await page.evaluate(() => document.documentElement.classList.contains('js')), "the report's script runs")
  assert.equal(await page.evaluate(() => { try { return document.cookie } catch { return '' } }), '', 'the report sees no cookie')
  await page.screenshot({ path: path.join(pictures, 'serve-report.png') })
  assert.deepEqual(faults, [])
}

// writeOffSeveral writes off all that may be, from the queue.
async function writeOffSeveral(page, address) {
  await page.goto(`${address}/day/${newest}/breaks?kind=fee_variance&size=100`)
  const count = await page.locator('input[name=id]').count()
  assert.ok(count >= 3, `${count} fee variances`)
  await page.getByLabel('Select all on this page').check()
  assert.match(await page.locator('#chosen').innerText(), new RegExp(`^${count} · −?\\d`))
  await page.locator('#action').selectOption('write_off')
  await page.getByLabel('Note').fill('尾差核销')
  await looked(page, 'chosen', false)
  await go(page, page.getByRole('button', { name: 'Review' }))
  const sum = rows('kind = fee_variance and status = open').reduce((s, r) => s + BigInt(r.difference.replace('.', '')), 0n)
  const shown = await page.locator('.facts').innerText()
  const digits = (sum < 0n ? -sum : sum).toString().padStart(3, '0')
  const said = `${sum < 0n ? '−' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
  assert.ok(shown.includes(String(count)) && shown.includes(said), `count and sum are shown: ${count}, ${said} in ${shown}`)
  await looked(page, 'confirm')
  const before = fs.readFileSync(file, 'utf8')
  await go(page, page.getByRole('button', { name: `Record ${count} decisions` }))
  await page.getByText(`${count} recorded.`).waitFor()
  const after = fs.readFileSync(file, 'utf8')
  assert.ok(after.startsWith(before), 'the file only grows')
  assert.equal(after.trim().split('\n').length - before.trim().split('\n').length, count)
  await page.goto(`${address}/day/${newest}/breaks?state=recorded`)
  assert.equal(await page.locator('td.order a').count(), count + 1, 'the queue shows at once what was recorded')
  await looked(page, 'recorded')
  return count
}

// runAgain runs the newest day, and sees what was decided.
async function runAgain(page, address, accepted, written) {
  const open = rows('status = open').length
  reconcile('run', '--date', newest, '--breaks-ok', '--quiet')
  assert.equal(rows('status = open').length, open - written - 1)
  assert.equal(rows(`break_id = ${accepted}`)[0].status, 'accepted')
  assert.equal(rows('status = written_off').length, written)
  await page.goto(`${address}/day/${newest}/breaks?state=decided`)
  assert.equal(await page.locator('td.order a').count(), written + 1, 'the page shows the new run')
  await page.goto(`${address}/day/${newest}/breaks?state=recorded`)
  assert.match(await page.locator('main').innerText(), /There are none/)
  await page.goto(`${address}/day/${newest}/breaks/${accepted}`)
  assert.match(await page.locator('h1').innerText(), /accepted/)
  await looked(page, 'accepted')
  await go(page, page.getByRole('button', { name: 'Reopen' }))
  assert.match(await page.locator('.timeline').innerText(), /reopened/)
  reconcile('run', '--date', newest, '--breaks-ok', '--quiet')
  assert.equal(rows(`break_id = ${accepted}`)[0].status, 'open', 'a break that is reopened counts again')
}

// byKeyboard reaches and uses the queue without a mouse.
async function byKeyboard(page, address) {
  await page.goto(`${address}/day/${newest}/breaks`)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip', 'the first stop skips to the content')
  await page.keyboard.press('Enter')
  for (let stops = 0; await page.evaluate(() => document.activeElement.id !== 'q'); stops++) {
    assert.ok(stops < 30, 'the search is reached by Tab')
    await page.keyboard.press('Tab')
  }
  await page.keyboard.type('no such order')
  await Promise.all([page.waitForURL(/q=no/), page.keyboard.press('Enter')])
  assert.match(await page.locator('main').innerText(), /No break is like that/)
}

// inChinese looks at every page in Chinese, dark, and on a phone.
async function inChinese(address, id) {
  const paths = { days: '/', day: `/day/${newest}`, queue: `/day/${newest}/breaks`, break: `/day/${newest}/breaks/${id}`, missing: '/nothing' }
  const ways = {
    zh: { locale: 'zh-CN' },
    dark: { locale: 'en-GB', colorScheme: 'dark' },
    'zh-phone': { locale: 'zh-CN', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
    'phone-dark': { locale: 'en-GB', colorScheme: 'dark', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  }
  refusals.set(address + paths.missing, 404)
  for (const [way, options] of Object.entries(ways)) {
    const page = await reader(address, options)
    for (const [name, where] of Object.entries(paths)) {
      await page.goto(address + where)
      assert.equal(await page.evaluate(() => document.documentElement.lang), way.startsWith('zh') ? 'zh-CN' : 'en')
      if (name === 'break' && way === 'zh') assert.match(await page.locator('p.reason').innerText(), /订单/, 'the reason is told in Chinese')
      await looked(page, `${name}-${way}`)
    }
    if (way === 'zh') {
      assert.match(await page.locator('main').innerText(), /没有这一页/)
      await go(page, page.getByRole('button', { name: 'English' }))
      assert.equal(await page.evaluate(() => document.documentElement.lang), 'en', 'the switch changes the language')
      await page.goto(address + '/')
      await go(page, page.getByRole('button', { name: 'Dark' }))
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(18, 21, 26)', 'the switch changes the colours')
    }
    await page.context().close()
  }
}

// damaged shows that nothing of a result that was tampered with is shown.
async function damaged(address) {
  const part = fs.readdirSync(path.join(work, 'days', `dt=${days[0]}`, 'breaks'))[0]
  fs.appendFileSync(path.join(work, 'days', `dt=${days[0]}`, 'breaks', part), 'x')
  const page = await reader(address)
  await page.goto(address + '/')
  assert.match(await page.locator('tr', { hasText: days[0] }).innerText(), /damaged[\s\S]*bytes: expected/)
  await looked(page, 'damaged')
  refusals.set(`${address}/day/${days[0]}`, 409)
  await page.goto(`${address}/day/${days[0]}`)
  assert.match(await page.locator('main').innerText(), /not what its run wrote[\s\S]*Nothing of it is shown/)
  await page.context().close()
}

makeDays()
const { child, address } = await serve()
const page = await reader(address)
const accepted = await decideOne(page, address)
await openReport(page, address)
const written = await writeOffSeveral(page, address)
await byKeyboard(page, address)
await runAgain(page, address, accepted, written)
assert.deepEqual(faults, [])
await inChinese(address, accepted)
assert.deepEqual(faults, [])
await damaged(address)
assert.deepEqual(faults, [])
await browser.close()
const ended = new Promise(resolve => { child.removeAllListeners('exit'); child.on('exit', resolve) })
child.kill('SIGINT')
assert.equal(await ended, 0, 'an interrupt ends the page with 0')
console.log(`serve: one accepted, ${written} written off, seen in the next run`)
