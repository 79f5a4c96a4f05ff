using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>
/// Finds the references, definition, implementations or calls of a symbol. The language server returns the positions; the lines are read here, as far as the
/// policy allows.
/// </summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class ReferencesTool(string description, PermissionPolicy policy, EditorWindow window) : ITool
{
    private const int MaxShown = 100;
    private const int MaxLineLength = 200;
    private const int MaxSymbolLength = 200;
    private const string Schema =
        """{"type":"object","properties":{"path":{"type":"string"},"line":{"type":"integer","minimum":1},"symbol":{"type":"string"},"kind":{"type":"string","enum":["references","definition","implementation","incoming_calls","outgoing_calls"]}},"required":["path","line","symbol"],"additionalProperties":false}""";

    public string Name => "references";
    public ToolDeclaration Declaration { get; } = new("references", description, Schema);
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "path", "line", "symbol", "kind");
        var kind = given.OptionalText("kind") switch
        {
            null or "references" => ReferenceKind.References,
            "definition" => ReferenceKind.Definition,
            "implementation" => ReferenceKind.Implementation,
            "incoming_calls" => ReferenceKind.IncomingCalls,
            "outgoing_calls" => ReferenceKind.OutgoingCalls,
            _ => throw new ToolFailureException(
                "`kind` must be `references`, `definition`, `implementation`, `incoming_calls` or `outgoing_calls`."
            ),
        };
        var (path, symbol) = Symbol(given, context);
        var editor = EditorQuery.EditorOf(window);
        var mayRead = EditorQuery.MayRead(Name, policy, context);
        return Task.FromResult<PlannedCall>(
            new EditorQuery(
                path,
                $"{symbol.Text} ({path.Shown}:{symbol.Line})",
                async cancel => await TextAsync(path, await editor.ReferencesAsync(symbol, kind, cancel), kind, mayRead, cancel)
            )
        );
    }

    /// <summary>Gets the symbol from the parameters: file, line and text.</summary>
    internal static (WorkspacePath Path, EditorSymbol Symbol) Symbol(ToolParameters given, ToolContext context)
    {
        var path = WorkspacePath.Resolve(context.Folders, given.Text("path"));
        var line =
            given.OptionalNumber("line", 1, int.MaxValue)
            ?? throw new ToolFailureException(
                "`line` is missing. Nothing was done. Set it to the line number that `read` or `search` shows."
            );
        var text = given.Text("symbol");
        return text.Length is 0 or > MaxSymbolLength
            ? throw new ToolFailureException("`symbol` must be the name as it is in that line.")
            : (path, new EditorSymbol(path.Full, line, text));
    }

    private async Task<string> TextAsync(
        WorkspacePath about,
        EditorPlaces found,
        ReferenceKind kind,
        Func<string, bool> mayRead,
        CancellationToken cancellationToken
    )
    {
        if (found.Places.Count == 0)
        {
            return found.HasLanguageServer ? $"The language server found no {WordsOf(kind)}." : EditorText.NoLanguageServer(about.Display);
        }

        var text = new StringBuilder();
        var (shown, outside, held) = (0, 0, 0);
        Dictionary<string, string[]?> lines = new(StringComparer.Ordinal);
        foreach (var place in found.Places.Take(MaxShown))
        {
            if (WorkspacePath.Find(about.Folders, place.Path) is not { } path)
            {
                outside++;
                continue;
            }
            if (!mayRead(path.Full))
            {
                held++;
                continue;
            }

            if (!lines.TryGetValue(path.Full, out var known))
            {
                lines[path.Full] = known = await LinesAsync(path, cancellationToken);
            }

            shown++;
            var line = known is not null && place.Line >= 1 && place.Line <= known.Length ? known[place.Line - 1].Trim() : "";
            var name = place.Name is { Length: > 0 } ? $"{EditorText.Symbol(place)}: " : "";
            text.Append(
                CultureInfo.InvariantCulture,
                $"{EditorText.Line(path.Shown)}:{place.Line}: {name}{HiddenCharacters.VisibleLine(line.Length <= MaxLineLength ? line : line[..MaxLineLength] + "…")}\n"
            );
        }

        Note(found.Total > MaxShown, $"The first {MaxShown} of {found.Total}");
        Note(outside > 0, $"{Plural.Of(outside, "place")} outside the workspace {(outside == 1 ? "is" : "are")} not shown");
        Note(held > 0, $"{Plural.Of(held, "place")} in files that may not be read {(held == 1 ? "was" : "were")} skipped");
        return text.ToString();

        void Note(bool applies, string note)
        {
            if (applies)
            {
                text.Append('[').Append(note).Append(".]\n");
            }
        }
    }

    /// <returns>Null if the file cannot be read as text.</returns>
    private async Task<string[]?> LinesAsync(WorkspacePath path, CancellationToken cancellationToken)
    {
        try
        {
            var version = await WorkspaceFile.ReadAsync(path, window, cancellationToken);
            return ProtectedPaths.DenialReason(version.Content) is null
                ? (version.Unsaved ?? FileText.Of(version.Content)?.Content)?.Split('\n')
                : null;
        }
        catch (ToolFailureException)
        {
            // The position is still useful without the line.
            return null;
        }
    }

    private static string WordsOf(ReferenceKind kind) =>
        kind switch
        {
            ReferenceKind.Definition => "definition",
            ReferenceKind.Implementation => "implementation",
            ReferenceKind.IncomingCalls => "incoming calls",
            ReferenceKind.OutgoingCalls => "outgoing calls",
            _ => "references",
        };
}
