import content
import streamlit as st

indicator = st.radio("Indicator", list(content.INDICATORS), format_func=content.INDICATORS.get)
year = st.radio("Year", content.years(), horizontal=True)
for column, (name, value) in zip(
    st.columns(3), content.key_figures(indicator, year).items(), strict=True
):
    column.metric(name, value)
st.plotly_chart(content.picture(indicator, year), theme=None)
st.dataframe(content.listing(indicator, year), hide_index=True)
