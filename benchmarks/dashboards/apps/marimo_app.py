import marimo

app = marimo.App()


@app.cell
def _():
    import content
    import marimo as mo

    return content, mo


@app.cell
def _(content, mo):
    labels = {label: code for code, label in content.INDICATORS.items()}
    indicator = mo.ui.radio(labels, value=next(iter(labels)))
    year = mo.ui.radio(content.years(), value=content.years()[0], inline=True)
    mo.vstack([indicator, year])
    return indicator, year


@app.cell
def _(content, indicator, mo, year):
    chosen = indicator.value, year.value
    mo.hstack([mo.stat(value, label=name) for name, value in content.key_figures(*chosen).items()])
    return (chosen,)


@app.cell
def _(chosen, content, mo):
    mo.ui.plotly(content.picture(*chosen))
    return


@app.cell
def _(chosen, content):
    content.listing(*chosen)
    return


if __name__ == "__main__":
    app.run()
