"""Checks a workbook of a result: that a program which repairs files would find nothing to
repair, that its totals are those of the tables, and that LibreOffice, which calculates
every formula again, comes to the values that the file states.

Usage: check.py PROGRAM RESULT_FOLDER WORKBOOK RECALCULATED_WORKBOOK
"""

import decimal
import json
import re
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import openpyxl

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SHEETS = ["汇总", "渠道日报", "差异明细", "手续费核对", "提现与跨钱包", "未达与跨日", "余额", "说明"]
# The order of a worksheet's parts in ECMA-376, 18.3.1.99: Excel repairs a file in another one.
ORDER = """sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios
autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations hyperlinks
printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags
drawing legacyDrawing""".split()
# A total of a sheet, by its heading, is a sum of a table's column.
TOTALS = {
    "渠道日报": ("summary", {
        "收款": "gross", "退款": "refunds", "净额": "net", "应收手续费": "expected_fees", "实收手续费": "charged_fees", "手续费差异": "fee_variance",
        "订单收退款": "events", "账单行": "lines", "对平": "matched", "差异": "breaks", "未达": "open_items"}),
    "差异明细": ("breaks", {"应收": "expected_amount", "实收": "actual_amount", "差额": "difference"}),
    "余额": ("balances", {"收入": "income", "支出": "expense", "未解释差额": "unexplained", "流水笔数": "lines"}),
}
ENGLISH = {
    "收款": "Gross", "退款": "Refunds", "净额": "Net", "应收手续费": "Fees expected", "实收手续费": "Fees charged", "手续费差异": "Fee variance",
    "订单收退款": "Order events", "账单行": "Bill lines", "对平": "Matched", "差异": "Breaks", "未达": "Open items", "应收": "Expected", "实收": "Actual",
    "差额": "Difference", "收入": "Income", "支出": "Expense", "未解释差额": "Unexplained", "流水笔数": "Lines",
}


def check(ok, message):
    if not ok:
        sys.exit("workbook: " + message)


def sound(path):
    """What makes Excel offer a repair: parts, their order, cells, styles, names, lists."""
    with zipfile.ZipFile(path) as archive:
        check(archive.testzip() is None, "the archive is damaged")
        names = archive.namelist()
        check(len(names) == len(set(names)), "a part stands twice")
        for name in names:
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(archive.read(name))
        types = ElementTree.fromstring(archive.read("[Content_Types].xml"))
        defaults = {t.get("Extension") for t in types if t.tag.endswith("Default")}
        overrides = {t.get("PartName") for t in types if t.tag.endswith("Override")}
        for name in names:
            check("/" + name in overrides or name.rsplit(".", 1)[-1] in defaults, f"{name} has no content type")
        check(all(part[1:] in names for part in overrides), "a content type without its part")
        styles = ElementTree.fromstring(archive.read("xl/styles.xml")).find(MAIN + "cellXfs")
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        sheets = [s.get("name") for s in book.find(MAIN + "sheets")]
        check(all(0 < len(s) <= 31 and not re.search(r"[\[\]:*?/\\]", s) for s in sheets), f"names of sheets: {sheets}")
        defined = [(d.get("name"), d.get("localSheetId")) for d in book.find(MAIN + "definedNames")]
        check(len(defined) == len(set(defined)), "a name is defined twice")
        formulas = 0
        for i in range(len(sheets)):
            formulas += sound_sheet(ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{i + 1}.xml")), sheets[i], len(styles))
        return sheets, formulas


def sound_sheet(root, name, styles):
    tags = [child.tag.removeprefix(MAIN) for child in root]
    check(tags == sorted(tags, key=ORDER.index), f"{name}: the parts stand in the order {tags}")
    row_before, formulas = 0, 0
    for row in root.find(MAIN + "sheetData"):
        number = int(row.get("r"))
        check(row_before < number <= 1048576, f"{name}: row {number} behind {row_before}")
        check(float(row.get("ht", "15")) <= 409, f"{name}: row {number} is too high")
        row_before, column_before = number, 0
        for cell in row:
            letters = re.fullmatch(r"([A-Z]+)%d" % number, cell.get("r")).group(1)
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            check(column > column_before, f"{name} {cell.get('r')}: out of order")
            column_before = column
            check(int(cell.get("s", "0")) < styles, f"{name} {cell.get('r')}: no such style")
            check(cell.get("t", "n") in ("n", "inlineStr"), f"{name} {cell.get('r')}: type {cell.get('t')}")
            value, formula = cell.find(MAIN + "v"), cell.find(MAIN + "f")
            if cell.get("t", "n") == "n" and value is not None:
                decimal.Decimal(value.text)
                check(len(value.text.lstrip("-0.").replace(".", "")) <= 15, f"{name} {cell.get('r')}: {value.text} has too many digits")
            if formula is not None:
                formulas += 1
                check(value is not None, f"{name} {cell.get('r')}: a formula without its value")
            text = cell.find(f"{MAIN}is/{MAIN}t")
            if text is not None and text.text:
                check(len(text.text.encode("utf-16-le")) <= 2 * 32767, f"{name} {cell.get('r')}: the text is too long")
    for lists in root.iter(MAIN + "dataValidation"):
        check(len(lists.find(MAIN + "formula1").text) <= 257, f"{name}: the list is too long")
    return formulas


def table(program, result, name):
    out = subprocess.run([program, "show", name, "--json", "--limit", "0", "--out", result], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def cents(value):
    """An amount of a cell to the fen; a cell that is a float means the nearest decimal."""
    return decimal.Decimal(repr(value)).quantize(decimal.Decimal("0.01")) if value is not None else decimal.Decimal(0)


def totals(program, result, values, formulas, said):
    compared = 0
    for sheet, (name, columns) in TOTALS.items():
        columns = {said(heading): column for heading, column in columns.items()}
        rows = table(program, result, name)
        page = values[sheet]
        heads = next(row for row in page.iter_rows(min_row=1, max_row=8) if row[0].value and any(c.value in columns for c in row))
        for cell in heads:
            column = columns.get(cell.value)
            if column is None:
                continue
            want = sum((decimal.Decimal(str(r[column])) for r in rows if r.get(column) is not None), decimal.Decimal(0))
            total = page.cell(cell.row - 1, cell.column)
            if rows and all(r.get(column) is None for r in rows):
                check(total.value is None, f"{sheet} {cell.value}: nothing is known, the total says {total.value}")
                continue
            check(cents(total.value) == want, f"{sheet} {cell.value}: the total says {total.value}, the table {want}")
            check(str(formulas[sheet].cell(cell.row - 1, cell.column).value).startswith("="), f"{sheet} {cell.value}: no formula")
            compared += 1
    manifest = json.load(open(f"{result}/run.json"))
    for name, heading in (("gross", "收款"), ("refunds", "退款"), ("net", "净额"), ("charged_fees", "实收手续费")):
        want = sum((decimal.Decimal(t["amount"]) for t in manifest["totals"] if t["name"] == name), decimal.Decimal(0))
        row = next(row for row in values["汇总"].iter_rows() if row[0].value == said(heading))
        total = [c.value for c in row if c.value is not None][-1]
        check(cents(total) == want, f"汇总 {heading}: {total}, run.json says {want}")
        compared += 1
    return compared


def recalculated(values, again):
    """Every cell is in the recalculated file what it is in ours."""
    cells = 0
    for sheet in values.sheetnames:
        for row in values[sheet].iter_rows():
            for cell in row:
                other = again[sheet][cell.coordinate].value
                check(not (isinstance(other, str) and re.match(r"#|Err:", other)), f"{sheet} {cell.coordinate}: {other}")
                mine = cell.value
                if isinstance(mine, (int, float)) and isinstance(other, (int, float)):
                    same = mine == other
                else:
                    same = (mine or "") == (other or "") or str(mine).replace("\r\n", "\n").replace("\r", "\n") == str(other).replace("\r\n", "\n").replace("\r", "\n")
                check(same, f"{sheet} {cell.coordinate}: {mine!r} became {other!r}")
                cells += 1
    return cells


def main():
    program, result, path, again = sys.argv[1:]
    sheets, count = sound(path)
    values, formulas = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    check(values.sheetnames == sheets and sheets == SHEETS, f"the sheets are {sheets}")
    for page in formulas:
        check(page.print_area and page.freeze_panes and page.print_title_rows, f"{page.title}: print area, frozen rows or titles are missing")
        check(page.page_setup.orientation == "landscape" and page.page_setup.paperSize == 9 and page.page_setup.fitToWidth == 1 and page.page_setup.fitToHeight == 0
              and page.sheet_properties.pageSetUpPr.fitToPage, f"{page.title}: not A4 landscape, one page wide")
    chinese = any(cell.value == "差异编号" for row in values["差异明细"].iter_rows(max_row=8) for cell in row)
    compared = totals(program, result, values, formulas, (lambda text: text) if chinese else ENGLISH.get)
    check(compared >= 15, f"only {compared} totals were found")
    cells = recalculated(values, openpyxl.load_workbook(again, data_only=True))
    print(f"workbook: {path}: {len(sheets)} sheets, {count} formulas and {cells} cells are the same recalculated, {compared} totals are those of the tables")


main()
