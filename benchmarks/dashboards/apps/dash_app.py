import os

import content
from dash import Dash, Input, Output, callback, dash_table, dcc, html

app = Dash(__name__, serve_locally=True)
first, newest = next(iter(content.INDICATORS)), content.years()[0]
app.layout = html.Main(
    [
        dcc.RadioItems(content.INDICATORS, first, id="indicator"),
        dcc.RadioItems(content.years(), newest, id="year", inline=True),
        html.P(id="figures"),
        dcc.Graph(figure=content.picture(first, newest), id="map"),
        dash_table.DataTable(id="table", page_size=63),
    ]
)


@callback(
    Output("figures", "children"),
    Output("map", "figure"),
    Output("table", "data"),
    Input("indicator", "value"),
    Input("year", "value"),
)
def show(indicator, year):
    said = ", ".join(
        f"{name} {value}" for name, value in content.key_figures(indicator, year).items()
    )
    table = content.listing(indicator, year).to_dict("records")
    return said, content.picture(indicator, year), table


app.run(port=int(os.environ["PORT"]), debug=False)
