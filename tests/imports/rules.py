"""The rules for imports, and their violations.

A module imports only from modules of lower rows. The files and sub-folders of a folder do not import each other in circles.
"""

# The modules of `src` from the top down. Modules of a row do not import each other.
ROWS = [
    "main.rs lib.rs build.rs guide",
    "cli",
    "run",
    "report",
    "output send",
    "destination",
    "dedupe checkpoint",
    "output_names",
    "convert",
    "contents",
    "xapi caliper filter selection routing repair",
    "lms pipeline",
    "input",
    "tracking",
    "time json",
    "cloud outcome family format compression iri url uuid5 console interrupt buffers files",
    "progress style exit_code",
    "text terminal",
]
ROW_OF = {module: number for number, row in enumerate(ROWS) for module in row.split()}


def module_of(file):
    """Returns the top-level module of a file."""
    name = file.split("/")[0]
    return name if name in ("main.rs", "lib.rs", "build.rs") else name.removesuffix(".rs")


def module_edges(imports):
    """Returns one import for each pair of top-level modules."""
    edges = {}
    for item in sorted(imports, key=str):
        for file in (item.imported, *item.through):
            edges.setdefault((module_of(item.importer), module_of(file)), item)
    return {edge: item for edge, item in edges.items() if edge[0] != edge[1]}


def violations(files, imports):
    """Returns a line for each module without a row, each import from the same or a higher row, and each circle."""
    modules = sorted({module_of(file) for file in files})
    lines = [f"module without a row: {module}" for module in modules if module not in ROW_OF]
    for (importer, imported), item in sorted(module_edges(imports).items()):
        if ROW_OF.get(importer, -1) >= ROW_OF.get(imported, len(ROWS)):
            lines.append(f"import from a row that is not lower: {importer} → {imported} ({item})")
    folders = {folder for file in files for folder in _folders(file)}
    for folder in sorted(folders):
        edges = _edges_within(folder, imports)
        for circle in _circles(edges):
            name = f"circle in {folder}:" if folder else "circle between modules:"
            lines.append(f"{name} {' '.join(sorted(circle))}")
            inner = sorted(edge for edge in edges if set(edge) <= circle)
            lines.extend(f"    {importer} → {imported} ({edges[importer, imported]})" for importer, imported in inner)
    return lines


def _folders(file):
    parts = file.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]


def _edges_within(folder, imports):
    """Returns the imports between the files and sub-folders of a folder. `x.rs` counts as part of the sub-folder `x`."""
    prefix = folder + "/" if folder else ""
    edges = {}
    for item in imports:
        if item.importer.startswith(prefix) and item.imported.startswith(prefix):
            ends = [file.removeprefix(prefix).split("/")[0].removesuffix(".rs") for file in (item.importer, item.imported)]
            if ends[0] != ends[1]:
                edges.setdefault(tuple(ends), item)
    return edges


def _circles(edges):
    """Returns the sets of nodes that import each other, directly or indirectly."""
    reached = {}
    for start in {node for edge in edges for node in edge}:
        rest, seen = [start], set()
        while rest:
            node = rest.pop()
            following = {imported for importer, imported in edges if importer == node} - seen
            seen |= following
            rest.extend(following)
        reached[start] = seen
    circles = {
        frozenset(other for other in seen if start in reached[other]) for start, seen in reached.items() if start in seen
    }
    return sorted(circles, key=sorted)
