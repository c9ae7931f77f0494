import content
import panel as pn

pn.extension("plotly")
indicator = pn.widgets.RadioBoxGroup(
    options={label: code for code, label in content.INDICATORS.items()}
)
year = pn.widgets.RadioBoxGroup(options=content.years(), inline=True)


@pn.depends(indicator, year)
def figures(indicator, year):
    pairs = content.key_figures(indicator, year).items()
    return pn.Row(*(f"**{name}** {value}" for name, value in pairs))


pn.Column(
    indicator,
    year,
    figures,
    pn.pane.Plotly(pn.bind(content.picture, indicator, year)),
    pn.pane.DataFrame(pn.bind(content.listing, indicator, year), index=False),
).servable()
