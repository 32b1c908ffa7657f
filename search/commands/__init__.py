"""The engine's own subcommands. Heavy modules are imported where a command runs, so that each starts fast."""

from search.commands.collections import Collections
from search.commands.duplicates import DuplicatesCommand
from search.commands.events import Events
from search.commands.export import Export
from search.commands.facts import Defects, FactsCommand
from search.commands.fingerprints import FingerprintsCommand
from search.commands.identify import Identify
from search.commands.keys import Keys
from search.commands.listen import Listen
from search.commands.making import Compose, Make, Say
from search.commands.map import MapCommand
from search.commands.mcp import Mcp
from search.commands.merging import MergeCommand, UnmergeCommand
from search.commands.paths import GoesWithCommand, PathCommand
from search.commands.places import Doctor, Init, Migrate
from search.commands.recommend import Recommend
from search.commands.remarks import Remarks
from search.commands.search import Search
from search.commands.searches import Searches
from search.commands.serve import Serve
from search.commands.spaces import CompareCommand, SpacesCommand
from search.commands.speech import SpeechCommand
from search.commands.suggest import Suggest
from search.commands.tags import Tags
from search.commands.upkeep import Backup, Info, Reindex, Remove, Restore, Verify
from search.commands.watch import Watch

COMMANDS = (
    Search(),
    Recommend(),
    Identify(),
    PathCommand(),
    GoesWithCommand(),
    Info(),
    Tags(),
    Remarks(),
    Collections(),
    Searches(),
    Watch(),
    Verify(),
    Remove(),
    Reindex(),
    DuplicatesCommand(),
    MergeCommand(),
    UnmergeCommand(),
    FingerprintsCommand(),
    Events(),
    SpeechCommand(),
    Listen(),
    FactsCommand(),
    Defects(),
    MapCommand(),
    Suggest(),
    SpacesCommand(),
    CompareCommand(),
    Export(),
    Backup(),
    Restore(),
    Serve(),
    Mcp(),
    Keys(),
    Init(),
    Doctor(),
    Migrate(),
    Say(),
    Compose(),
    Make(),
)
