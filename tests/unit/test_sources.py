"""Public data sets: recognised by their columns, their traps counted, nothing left out unsaid."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import polars as pl
import pytest

from remand.errors import InputError
from remand.records import contracts, work
from remand.records.ingest import ingest
from remand.sources import SOURCES, find, into, read
from remand.sources.cards import page

PAGE = Path(__file__).parents[2] / "docs" / "data-cards.md"

CALIFORNIA = """\
jurisdiction,census_county_name,fips_state_county_code,date,avg_daily_pop_unsentenced_male,\
avg_daily_pop_unsentenced_female,avg_daily_pop_sentenced_male,avg_daily_pop_sentenced_female,\
avg_daily_pop_total_jurisdiction,avg_felony_inmate_total,highest_inmate_count,\
total_num_persons_booked,tot_pretrial_release_lack_bed,avg_fed_inmate_housed_contract
Mono Sheriff's Department,Mono County,6051,2015-01-01,10,2,5,1,18,12,21,40,0,
Mono Sheriff's Department,Mono County,6051,2015-02-01,0,0,0,0,0,0,0,,0,
Mono Sheriff's Department,Mono County,6051,2015-04-01,12,2,5,1,20,,25,0,3,1.5
Mono Sheriff's Department,Mono County,6051,2015-05-01,12,2,5,1,27,13,29,44,0,
Yolo Sheriff's Department,Yolo County,6113,2015-01-01,200,30,90,20,340,300,350,,0,
"""
QUARTERLY = """\
jurisdiction,year,quarter,avg_length_stay_all_releases,avg_length_stay_pretrial_release,\
avg_length_stay_sentnced_release
Mono Sheriff's Department,2016,4,25.12,8.87,46.67
Mono Sheriff's Department,2016,3,,,
"""
COOK = """\
date,jail_population,community_corrections,total
2021-01-29,5000.0,3000,8000.0
2021-02-01,5010.0,3010,8021.0
"""
NYC = """\
date,n,n_unique_id,n_black,n_white,s_CS,s_DE,s_CSP
2016-06-02,100,99,57,13,12,88,
2016-06-04,98,98,56,12,12,80,6
"""
SNAPSHOT = """\
INMATEID,ADMITTED_DT,DISCHARGED_DT,CUSTODY_LEVEL,BRADH,RACE,GENDER,AGE,INMATE_STATUS_CODE,SEALED,\
SRG_FLG,TOP_CHARGE,INFRACTION
20000001,01/05/2024 11:02:00 PM,,MIN,N,BLACK,M,31,DE,N,N,120.05,N
20000002,2024-01-06T03:04:05.000,,MED,Y,,F,28,CS,N,N,,N
"""
DAO = """\
report,offence,measure,month,value
arrest,All Offenses,,2014-01,3515
arrest,Drugs,,2014-01,3000
bail,All Offenses,No bail (ROR),2014-01,900
bail,Drugs,No bail (ROR),2014-01,300
case_outcomes,All Offenses,Diversion,2014-01,12
parole,All Offenses,,2014-01,7
"""
CENSUS = """\
date,total,males,females
2013-12-21,8759,7439,782
2013-12-23,8716,7890,826
"""
JAILJAWN = """\
census_date,scrape_date,in_facility.cfcf.adult_males,total_population.pdp_facilities.total,\
total_population.other_jurisdictions.total,total_population.total.males,\
total_population.total.females,total_population.total.total
2025-03-06,2025-03-08,1633,3644,160,3562,242,3804
"""
COUNTIES = """\
yfips,year,fips,state,county_name,total_pop,total_pop_15to64,black_pop_15to64,\
black_female_prison_pop,total_jail_pop,black_jail_pop,white_jail_pop,total_jail_adm,\
total_jail_pop_rate,jail_rated_capacity
1,2015,42101,PA,Philadelphia County,1500,1000,400,1,8.5,5,1,40,850,9
2,2016,42101,PA,Philadelphia County,1500,1000,400,1,,,,,,
3,2015,42003,PA,Allegheny County,1200,800,100,1,3,1,2,20,375,4
"""
QUARTERS = """\
year,quarter,county_fips,county_name,state_abbr,total_pop_15to64,total_jail_pop,total_prison_pop,\
total_jail_admits,total_pretrial_custody
2015,1,42101,Philadelphia County,PA,1000,8,14,10,6
2015,3,42101,Philadelphia County,PA,1000,7,14,11,5
"""
STATES = """\
year,state_abbr,state_name,state_fips,total_pop_15to64,total_incarceration,total_jail_pop,\
total_prison_pop
2015,PA,Pennsylvania,42,8000,90,40,50
2016,PA,Pennsylvania,42,8000,,,
"""
RATES = """\
Bureau of Justice Statistics,,,,,,,,,
File name: cpus16t04.csv,,,,,,,,,
"Table 4. Rate of persons supervised, 2000 and 2006–2016",,,,,,,,,
,Total correctional population/a,,,,Community supervision population,,,Incarcerated population/b,
Year,"Number supervised per 100,000 U.S. adult residents/c",U.S. adult residents ,All ages/d,,\
Adults/c,All ages/d,,Adults/c,All ages
2015,"2,710",1 in 37,"2,090",,"1,870","1,440",,870,680
2016,"2,640",1 in 38,"2,040",,"1,810","1,400",,860,670
Note: Rates are estimated to the nearest 10.,,,,,,,,,
2016,1,1,1,1,1,1,1,1,1
"""
NUMBERS = """\
Bureau of Justice Statistics,,,,,,,,,,,,,,,,
File name: cpus16t01.csv,,,,,,,,,,,,,,,,
Year,,Total,,"Total/a,c",,Probation,,Parole,,,Total/a,,Local jail/d,,Prison,
2000,,"6,467,800",,"4,564,900",,"3,839,400",,"725,500",,,"1,945,400",,"621,100",**,"1,394,200",
2016*,,,,,,,,,,,,,,,,
,January 1/e,"6,676,200",,"4,586,900",,"3,725,600",,"870,700",,, ~ ,, ~ ,, ~ ,
, December 31,"6,613,500",,"4,537,100",,"3,673,100",,"874,800",,,"2,162,400",,"740,700",,\
"1,505,400",
"Average annual percent change, 2007–2016",,-1.2,%,-1.3,%,-1.7,%,0.6,%,,-0.7,%,-0.6,%,-0.7,%
Note: rounded,,,,,,,,,,,,,,,,
"""
BY_STATE = """\
Bureau of Justice Statistics,,,,,,,,,,,,
File name: cpus16at01.csv,,,,,,,,,,,,
Jurisdiction,,Total/a,Rate/b,Rate/b,,Number/c,Rate/b,Rate/b,,Number/d,Rate/b,Rate
,U.S. total/e,"6,582,100","2,630","2,030",,"4,537,100","1,810","1,400",,"2,131,000",850,660
Federal/f,,"320,000",130,100,,"131,700",50,40,,"188,400",80,60
,Georgia/g, .. , .. , .. ,, .. , .. , .. ,,"91,400","1,160",880
Note: rounded,,,,,,,,,,,,
"""
CUSTODY = """\
Bureau of Justice Statistics,,,,,,,,,,
File name: cpus16at03.csv,,,,,,,,,,
Persons in custody,,,2000,2010,2015,2016,"Average annual change",,"Percent change",
,Total,,"1,938,500","1,517,800","2,166,600","2,157,800",0.7,%,-0.4,%
Federal prisoners/a,,,"140,100","207,000","195,600","188,300",1.8,%,-3.7,%
,Prisons,,"133,900","198,300","186,500","179,100",1.8,,-4,
State prisoners,,,"1,177,200","1,310,800","1,243,500","1,228,800",0.3,%,-1.2,%
Local jails,,,"621,100**","748,700","727,400","740,700*",1.1,%,1.8,%
Incarceration rate/d,,,690,700,680,670,-0.2,%,-1.5,%
Note: rounded,,,,,,,,,,
"""
SPELLS = pl.DataFrame(
    {
        "id": ["1", "1", "2", "3"],
        "adm": ["2016-05-01 09:00:00", "2016-06-04 01:00:00", "2016-06-02 22:00:00",
                "2016-06-03 02:00:00"],
        "first_seen": [dt.date(2016, 6, 2), dt.date(2016, 6, 4), dt.date(2016, 6, 2),
                       dt.date(2016, 6, 3)],
        "last_seen": [dt.date(2016, 6, 3), dt.date(2016, 6, 5), dt.date(2016, 6, 5),
                      dt.date(2016, 6, 4)],
        "race": ["B", "W", None, "B"],
        "sex": ["M", "M", "F", "M"],
        "age": ["30", "30", None, "22"],
        "status_first": ["DE"] * 4,
        "status_last": ["CS", None, "DE", "DE"],
        "charge_first": ["120.05"] * 4,
        "charge_last": ["120.05"] * 4,
        "bradh": ["Y", "N", "N", "N"],
        "censored": [False, True, True, False],
    }
).with_columns(pl.col("adm").str.to_datetime())  # fmt: skip

TEXTS = {
    "california-monthly": CALIFORNIA,
    "california-quarterly": QUARTERLY,
    "cook-county": COOK,
    "nyc-census": NYC,
    "nyc-snapshot": SNAPSHOT,
    "philadelphia-dao": DAO,
    "philadelphia-census": CENSUS,
    "philadelphia-jailjawn": JAILJAWN,
    "incarceration-trends-county": COUNTIES,
    "incarceration-trends-state": STATES,
    "bjs-2016": RATES,
}


@pytest.fixture
def put(tmp_path):
    """Write a text (or a frame, as Parquet) under any name and give its path."""

    def write(content, name="any.csv"):
        path = tmp_path / name
        if isinstance(content, pl.DataFrame):
            content.write_parquet(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode("cp1252"))
        return path

    return write


def values(taken, measure, axis=None, level=None):
    """Values of one measure and level, in the order of the file."""
    frame = taken.frame.filter(
        pl.col("measure") == measure,
        pl.col("axis").eq_missing(axis),
        pl.col("level").eq_missing(level),
    )
    return frame["value"].to_list()


def flags(taken):
    """Counts by the name of the flag."""
    return {flag.name: flag.count for flag in taken.flags}


# -- what a file is -------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_is_known_by_its_columns_whatever_its_name(put, name):
    """Packed or not, under the name of no publisher."""
    taken = read(put(TEXTS[name], "download (3).csv"))
    assert taken.source.name == name
    packed = put(gzip.compress(TEXTS[name].encode("cp1252")), "x.csv.gz")
    assert read(packed).frame.equals(taken.frame)
    assert len(taken.sha256) == 64


def test_every_data_set_has_a_file_here():
    """No reader goes untested."""
    assert {source.name for source in SOURCES} == {*TEXTS, "nyc-spells"}


@pytest.mark.parametrize("name", TEXTS)
def test_a_frame_has_the_columns_of_the_contract_but_the_number_of_the_file(put, name):
    """Whatever the publisher calls them."""
    taken = read(put(TEXTS[name]))
    table = [c.name for c in contracts.TABLES[taken.table] if c.name != "source"]
    assert taken.frame.columns == table


def test_a_file_with_a_column_too_few_is_told_by_what_it_lacks(put):
    """The nearest data set is named."""
    with pytest.raises(InputError) as caught:
        read(put(COOK.replace("community_corrections", "outside")))
    (problem,) = caught.value.problems
    assert problem.fix == "did you mean cook-county? Its files also have 'community_corrections'"
    assert problem.line == 1


def test_a_jails_own_file_is_sent_to_ingest(put):
    """It is nobody's public data set."""
    with pytest.raises(InputError, match="remand ingest"):
        read(put("booking,in,out\n1,2020-01-01,2020-01-02\n"))


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.csv", "the file is empty"),
        (gzip.compress(COOK.encode(), mtime=0)[:40], "a.csv.gz", "the gzip archive is damaged"),
        (b"PAR1\0\0\0\0", "a.parquet", "a damaged Parquet file"),
        (b"PK\x03\x04\0\0\0\0", "cpus16.zip", "this is an archive"),
        (b"PK\x03\x04\0\0\0\0", "a.xlsx", "this is an Excel file"),
        (COOK.splitlines()[0].encode(), "a.csv", "it has a header and no rows"),
        (COOK.encode() + b"2021-02-02,1,2,3,4,5\n", "a.csv", "its rows cannot be read as a table"),
        (COOK.replace("2021-", "in 2021, ").encode(), "a.csv", "its rows cannot be read"),
        (COOK.replace("2021-", "Jan ").encode(), "a.csv", "no row has a date"),
        (RATES.replace("1 in 37,", "").encode("cp1252"), "a.csv", None),
        (RATES.replace("Year,", "Year,,").encode("cp1252"), "a.csv", "its columns are others"),
    ],
)
def test_a_broken_file_is_one_message(put, content, name, says):
    """Never a traceback; a printed table with a row too short is read without that row."""
    if says is None:
        taken = read(put(content, name))
        assert values(taken, "incarceration_rate_all_ages") == [670]
        assert flags(taken)["rows_unreadable"] == 1
        return
    with pytest.raises(InputError) as caught:
        read(put(content, name))
    assert says in str(caught.value)
    assert caught.value.problems[0].fix


def test_a_folder_and_a_file_that_is_not_there_are_one_message(tmp_path):
    """As everywhere in remand."""
    with pytest.raises(InputError, match="this is a folder"):
        read(tmp_path)
    with pytest.raises(InputError, match="there is no such file"):
        read(tmp_path / "gone.csv")


# -- what is read, and what is said of it ------------------------------------------------------


def test_a_california_month_of_zero_is_not_an_empty_jail(put):
    """Zero of people or bookings, in a jail that has some otherwise, was not reported: it is said.

    The zeros stay. Whether a jail otherwise holds people is told by its whole series, and a
    forecast of the past may not know that.
    """
    taken = read(put(CALIFORNIA))
    assert values(taken, "adp") == [18, 0, 20, 27, 340]
    assert values(taken, "admissions") == [40, 0, 44]
    assert flags(taken) == {
        "zero_not_reported": 1, "bookings_zero": 1, "bookings_missing": 1, "months_missing": 1,
        "parts_differ": 1, "columns_left_out": 2,
    }  # fmt: skip
    assert values(taken, "adp", "status", "unsentenced") == [12, 0, 14, 14, 230]
    assert values(taken, "adp", "sex", "female") == [3, 0, 3, 3, 50]
    assert values(taken, "released_for_lack_of_beds", "status", "pretrial") == [0, 0, 3, 0, 0]
    assert values(taken, "housed_under_contract", "held for", "federal") == [1.5]
    assert taken.period == (dt.date(2015, 1, 1), dt.date(2015, 6, 1))


def test_no_later_month_of_california_moves_an_earlier_row(put):
    """Had Mono held nobody from April on, its February would still be what it was."""
    early = CALIFORNIA.replace("2015-04-01,12,2,5,1,20", "2015-04-01,0,0,0,0,0").replace(
        "2015-05-01,12,2,5,1,27", "2015-05-01,0,0,0,0,0"
    )
    until = pl.col("month") < dt.date(2015, 4, 1)
    before, after = (read(put(text)).frame.filter(until) for text in (CALIFORNIA, early))
    assert before.equals(after)


def test_a_quarter_stands_at_its_first_day_and_ends_with_its_last(put):
    """The fourth quarter of 2016 is October to December."""
    taken = read(put(QUARTERLY))
    assert taken.step == "quarter"
    assert taken.period == (dt.date(2016, 10, 1), dt.date(2017, 1, 1))
    assert values(taken, "stay_release", "status", "sentenced") == [46.67]
    assert flags(taken) == {"quarters_not_reported": 1}


def test_people_on_electronic_monitoring_are_no_part_of_cooks_census(put):
    """They stand beside it, as a kind of their own."""
    taken = read(put(COOK))
    census = taken.frame.filter(pl.col("axis").is_null())
    assert census["people"].to_list() == [5000, 5010]
    outside = taken.frame.filter(pl.col("level") == "supervision")
    assert outside["people"].to_list() == [3000, 3010]
    assert flags(taken) == {"days_missing": 2, "total_differs": 1, "outside_the_jail": 2}
    assert "2021-01-30, 2021-01-31" in taken.flags[0].says


def test_new_yorks_census_says_its_holes_and_who_is_counted_twice(put):
    """An empty status is not zero."""
    taken = read(put(NYC))
    assert flags(taken) == {
        "days_missing": 1, "counted_twice": 1, "status_missing": 1, "race_is_not_all": 2,
        "columns_left_out": 1,
    }  # fmt: skip
    csp = taken.frame.filter(pl.col("level") == "CSP")
    assert csp.select("axis", "people").rows() == [("status", 6)]


def test_new_yorks_spells_keep_what_was_recorded_and_drop_health(put):
    """Who was open at the start, seen too early, still inside; two races of one number."""
    taken = read(put(SPELLS, "s.parquet"))
    assert taken.table == "stays"
    assert taken.passed_on.is_empty()
    assert flags(taken) == {
        "seen_before_admission": 1, "open_at_start": 2, "still_inside": 2, "two_races": 1,
        "race_missing": 1, "columns_left_out": 1,
    }  # fmt: skip
    assert "Y" not in taken.frame.select(pl.col(pl.String)).unpivot()["value"].to_list()
    assert taken.frame["age"].to_list() == [30, 30, None, 22]
    assert taken.period == (dt.date(2016, 6, 2), dt.date(2016, 6, 6))
    as_text = put(SPELLS.write_csv(datetime_format="%Y-%m-%d %H:%M:%S").encode(), "s.csv")
    assert read(as_text).frame.drop("line").equals(taken.frame.drop("line"))


def test_spells_are_read_with_a_t_between_day_and_hour_and_dates_unread_are_counted(put):
    """An American date may be of January or February; nobody guesses which."""
    text = SPELLS.write_csv(datetime_format="%Y-%m-%dT%H:%M:%S")
    assert read(put(text, "s.csv")).frame["admitted"].to_list() == SPELLS["adm"].to_list()
    assert "dates_unreadable" not in flags(read(put(text, "s.csv")))
    spoiled = text.replace("2016-05-01T09:00:00", "01/02/2016").replace("2016-06-04\n", "soon\n")
    spoiled = spoiled.replace(",2016-06-03,2016-06-04,", ",2016-06-03,soon,")
    taken = read(put(spoiled, "s.csv"))
    assert flags(taken)["dates_unreadable"] == 2
    assert taken.frame["admitted"].null_count() == 1
    assert taken.frame["last_seen"].null_count() == 1
    (said,) = (flag.says for flag in taken.flags if flag.name == "dates_unreadable")
    assert "adm, last_seen" in said


@pytest.mark.parametrize("column", ["first_seen", "last_seen"])
def test_spells_without_any_day_that_can_be_read_are_one_message(put, column):
    """Another program wrote the days its own way; as text, also in Parquet."""
    for spoiled, name in (
        (SPELLS.with_columns(pl.lit("1.6.16").alias(column)).write_csv(), "s.csv"),
        (SPELLS.with_columns(pl.lit("1.6.16").alias(column)), "s.parquet"),
    ):
        with pytest.raises(InputError, match="no row has a date"):
            read(put(spoiled, name))


def test_a_snapshot_of_new_york_tells_of_one_day_and_goes_into_no_work_file(put, tmp_path):
    """Both ways in which NYC Open Data writes times are read."""
    taken = read(put(SNAPSHOT))
    assert taken.frame["admitted"].dt.to_string("%F %T").to_list() == [
        "2024-01-05 23:02:00", "2024-01-06 03:04:05",
    ]  # fmt: skip
    assert flags(taken)["one_day"] == 2
    with pytest.raises(InputError, match="goes into no work file"):
        into(put(SNAPSHOT), tmp_path / "w.duckdb", taken.source)
    assert not (tmp_path / "w.duckdb").exists()


def test_the_dashboards_reports_become_measures_by_offence_and_kind(put):
    """Arrests, bail of the cases charged, outcomes of those resolved; unknown reports are said."""
    taken = read(put(DAO))
    assert values(taken, "arrests") == [3515]
    assert values(taken, "arrests", "charge", "Drugs") == [3000]
    assert values(taken, "cases_charged", "bail", "No bail (ROR)") == [900]
    assert values(taken, "cases_charged", "charge × bail", "Drugs × No bail (ROR)") == [300]
    assert values(taken, "cases_resolved", "outcome", "Diversion") == [12]
    assert flags(taken) == {"reports_unknown": 1, "offences_do_not_add_up": 1}
    assert taken.frame["place"].unique().to_list() == ["Philadelphia"]


def test_rows_of_the_dashboard_that_do_not_say_of_what_they_are_are_left_out_and_counted(put):
    """No report; no offence; a kind of bail without a name. An arrest needs no kind."""
    more = ("arrest,,,2014-01,5", ",Drugs,,2014-01,6", "bail,Drugs,,2014-01,7",
            'bail,"",No bail (ROR),2014-01,8', "")  # fmt: skip
    taken = read(put(DAO + "\n".join(more)))
    assert taken.frame.equals(read(put(DAO)).frame)
    assert flags(taken) == {
        "reports_unknown": 2, "groups_unnamed": 3, "offences_do_not_add_up": 1,
    }  # fmt: skip
    assert "(empty)" in next(f.says for f in taken.flags if f.name == "reports_unknown")


def test_philadelphias_census_is_read_from_both_of_its_files(put):
    """Totals alone, or the collector's own table; men and women may fall short of the total."""
    taken = read(put(CENSUS))
    assert flags(taken) == {"days_missing": 1, "sexes_differ": 1}
    assert "up to 538" in taken.flags[1].says
    whole = read(put(JAILJAWN)).frame
    assert whole.rows() == [
        (dt.date(2025, 3, 6), None, None, 3804),
        (dt.date(2025, 3, 6), "sex", "male", 3562),
        (dt.date(2025, 3, 6), "sex", "female", 242),
        (dt.date(2025, 3, 6), "held in", "the city's jails", 3644),
        (dt.date(2025, 3, 6), "held in", "elsewhere", 160),
    ]


def test_races_of_incarceration_trends_do_not_add_up_and_its_last_year_is_partial(put):
    """Counts of one day beside an average; rates and crossed columns are left out, and said."""
    taken = read(put(COUNTIES))
    assert values(taken, "jail_population") == [8.5, 3]
    assert values(taken, "jail_population", "race", "Black") == [5, 1]
    assert values(taken, "population_15_64", "race", "Black") == [400, 400, 100]
    assert values(taken, "jail_rated_capacity") == [9, 4]
    assert set(taken.frame["place"]) == {"Philadelphia County, PA", "Allegheny County, PA"}
    found = flags(taken)
    assert found.pop("columns_left_out") == 5
    assert found == {
        "races_do_not_add_up": 1, "last_years_partial": 1, "rates_left_out": 1,
        "crossed_left_out": 1,
    }  # fmt: skip
    assert taken.step == "year"


def test_the_later_county_file_has_quarters_and_other_names(put):
    """It has every column of the state file, and is none."""
    taken = read(put(QUARTERS))
    assert taken.source.name == "incarceration-trends-county"
    assert taken.step == "quarter"
    assert taken.period == (dt.date(2015, 1, 1), dt.date(2015, 10, 1))
    assert values(taken, "jail_admissions") == [10, 11]
    assert values(taken, "jail_pretrial") == [6, 5]


def test_states_of_incarceration_trends(put):
    """Jail and prison together, and a last year with nothing in it."""
    taken = read(put(STATES))
    assert values(taken, "incarcerated") == [90]
    assert flags(taken)["last_years_partial"] == 1
    assert taken.period[1] == dt.date(2017, 1, 1)


def test_a_printed_table_is_read_to_its_notes_and_no_further(put):
    """Windows-1252, thousands with commas, footnote letters; '1 in 38' is the rate again."""
    taken = read(put(RATES))
    assert values(taken, "incarceration_rate_all_ages") == [680, 670]
    assert values(taken, "correctional_rate_adults") == [2710, 2640]
    assert taken.frame["month"].unique().sort().to_list() == [
        dt.date(2015, 1, 1), dt.date(2016, 1, 1),
    ]  # fmt: skip


def test_a_year_told_twice_gives_its_last_day(put):
    """1 January 2016 is 31 December 2015 counted anew, and left out with a flag."""
    taken = read(put(NUMBERS))
    assert values(taken, "jail_population") == [621100, 740700]
    assert values(taken, "correctional_population") == [6467800, 6613500]
    assert flags(taken)["first_of_january"] == 7
    assert flags(taken)["rows_left_out"] == 1


def test_states_of_the_bureau_with_what_is_not_known(put):
    """Two dots are missing, not zero; the nation, the federal system and states are places."""
    taken = read(put(BY_STATE))
    assert flags(taken)["not_known"] == 6
    rates = taken.frame.filter(pl.col("measure") == "incarceration_rate_all_ages")
    assert rates.select("place", "value").rows() == [
        ("United States", 660), ("Federal", 60), ("Georgia", 880),
    ]  # fmt: skip


def test_a_printed_total_that_lacks_a_part_is_said(put):
    """The bureau's total of 2010 is without local jails."""
    taken = read(put(CUSTODY))
    assert values(taken, "custody", "holder", "local jails") == [621100, 748700, 727400, 740700]
    assert values(taken, "custody", "facility", "federal: prisons")[0] == 133900
    assert values(taken, "custody_rate_all_ages") == [690, 700, 680, 670]
    (said,) = (flag.says for flag in taken.flags if flag.name == "total_differs")
    assert "2010: 1,517,800 printed, 2,266,500 by holder" in said
    assert flags(taken)["starred"] == 2


def test_cells_that_hold_no_number_and_rows_without_a_date_are_counted(put):
    """And of a day that stands twice the last holds."""
    taken = read(put(COOK + "soon,1,1,2\n2021-02-01,NaN,3010,8021\n"))
    assert flags(taken)["dates_unreadable"] == 1
    assert flags(taken)["numbers_unreadable"] == 1
    assert flags(taken)["periods_twice"] == 1
    people = taken.frame.filter(pl.col("axis").is_null())
    assert people["people"].to_list() == [5000]


# -- into a work file ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [source.name for source in SOURCES if source.ingested and source.name in TEXTS]
)
def test_a_work_file_has_the_same_figures(put, tmp_path, name):
    """What `remand ingest` takes from a file is what the reader says of it."""
    path = put(TEXTS[name])
    taken = read(path)
    into(path, tmp_path / "w.duckdb", taken.source)
    with work.opened(tmp_path / "w.duckdb") as con:
        held = pl.DataFrame(con.table(taken.table)).drop("source")
    value = "people" if taken.table == "census" else "value"
    keys = [c for c in held.columns if c != value]
    if taken.table == "aggregates":  # what no verb uses stays with the reader; a zero is no report
        used = pl.col("measure").is_in(["adp", "admissions", "stay_release"])
        mine = taken.frame.filter(used, pl.col("value") > 0)
        held = held.filter(pl.col("value") > 0)
    else:
        mine = taken.frame.filter(pl.col("axis").ne_missing("kind"))
    assert held.sort(keys).equals(mine.select(held.columns).sort(keys))


def test_a_work_file_of_california_has_no_month_that_was_not_reported(put, tmp_path):
    """The frame keeps its zeros; what measure and fit use, the work file, sets them aside."""
    path = put(CALIFORNIA)
    into(path, tmp_path / "w.duckdb", find("california-monthly"))
    with work.opened(tmp_path / "w.duckdb") as con:
        adp = pl.DataFrame(con.table("aggregates").filter("measure = 'adp' AND axis IS NULL"))
    assert adp.sort("place", "month")["value"].to_list() == [18, 20, 27, 340]


def test_the_collectors_file_goes_the_way_its_card_tells(put, tmp_path):
    """Written as rows of a census, which ingest reads."""
    with pytest.raises(InputError, match="--as census"):
        into(put(JAILJAWN), tmp_path / "w.duckdb", find("philadelphia-jailjawn"))
    taken = read(put(JAILJAWN))
    taken.frame.write_csv(tmp_path / "rows.csv")
    ingest([tmp_path / "rows.csv"], tmp_path / "w.duckdb", "census")
    with work.opened(tmp_path / "w.duckdb") as con:
        held = pl.DataFrame(con.table("census")).drop("source")
    keys = ["day", "axis", "level"]
    assert held.sort(keys).equals(taken.frame.sort(keys))


def test_days_of_new_york_put_together_become_stays(put, tmp_path):
    """As the card of one day tells: with a column snapshot_date, for ingest."""
    header, *rows = SNAPSHOT.splitlines()
    days = [f"{row},{day}" for day in ("2024-01-06", "2024-01-07", "2024-01-08") for row in rows]
    path = put("\n".join([header + ",snapshot_date", *days[:-1], ""]))
    ingest([path], tmp_path / "w.duckdb")
    with work.opened(tmp_path / "w.duckdb") as con:
        seen = con.execute("SELECT person, first_seen, last_seen FROM stays ORDER BY 1").fetchall()
    assert seen == [
        ("20000001", dt.date(2024, 1, 6), dt.date(2024, 1, 8)),
        ("20000002", dt.date(2024, 1, 6), dt.date(2024, 1, 7)),
    ]


# -- cards -----------------------------------------------------------------------------------


def test_the_page_of_cards_says_what_the_program_says():
    """`python -m remand.sources.cards` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_measure_that_is_read_is_defined_on_its_card(put):
    """A name nobody explains is no figure."""
    extra = {"cpus16t01": NUMBERS, "cpus16at01": BY_STATE, "cpus16at03": CUSTODY, "q": QUARTERS}
    for text in (*TEXTS.values(), *extra.values()):
        taken = read(put(text))
        if taken.table != "aggregates":
            continue
        said = ", ".join(taken.source.definitions)
        for measure in taken.frame["measure"].unique():
            assert measure in said or f"{measure.partition('_rate_')[0]}_rate_…" in said, measure


def test_a_name_nobody_knows_gets_the_nearest():
    """As for models."""
    with pytest.raises(InputError, match="did you mean 'cook-county'"):
        find("cook-count")


def test_a_data_set_that_may_not_be_passed_on_says_so_and_is_never_fetched():
    """Its licence asks that whoever downloads agrees to it."""
    for name in ("incarceration-trends-county", "incarceration-trends-state"):
        assert "NO REDISTRIBUTION" in find(name).terms
        assert not find(name).files
