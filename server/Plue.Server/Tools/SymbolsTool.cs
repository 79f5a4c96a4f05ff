using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Lists the symbols of a file, or finds symbols of the workspace by name.</summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class SymbolsTool(string description, PermissionPolicy policy, EditorWindow window) : ITool
{
    private const int MaxShown = 300;
    private const int MaxDepth = 8;
    private const int MaxQueryLength = 200;
    private const string Schema =
        """{"type":"object","properties":{"path":{"type":"string"},"query":{"type":"string"}},"additionalProperties":false}""";

    public string Name => "symbols";
    public ToolDeclaration Declaration { get; } = new("symbols", description, Schema);
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "path", "query");
        var (named, query) = (given.OptionalText("path"), given.OptionalText("query"));
        if (string.IsNullOrEmpty(named) == string.IsNullOrEmpty(query))
        {
            throw new ToolFailureException("Give `path` for the symbols of a file, or `query` to find symbols of the workspace by name.");
        }
        if (query is { Length: > MaxQueryLength })
        {
            throw new ToolFailureException($"`query` must have at most {MaxQueryLength} characters.");
        }

        var path = WorkspacePath.Resolve(context.Folders, string.IsNullOrEmpty(named) ? "." : named);
        var editor = EditorQuery.EditorOf(window);
        var mayRead = EditorQuery.MayRead(Name, policy, context);
        return Task.FromResult<PlannedCall>(
            string.IsNullOrEmpty(query)
                ? new EditorQuery(path, path.Shown, async cancel => OfFile(path, await editor.DocumentSymbolsAsync(path.Full, cancel)))
                : new EditorQuery(
                    path,
                    query,
                    async cancel => OfWorkspace(path.Folders, await editor.WorkspaceSymbolsAsync(query, cancel), mayRead)
                )
        );
    }

    private static string OfFile(WorkspacePath path, EditorPlaces found)
    {
        if (found.Places.Count == 0)
        {
            return found.HasLanguageServer ? $"{path.Display} has no symbols." : EditorText.NoLanguageServer(path.Display);
        }

        var text = new StringBuilder();
        foreach (var place in found.Places.Take(MaxShown))
        {
            var lines = place.EndLine > place.Line ? $"{place.Line}-{place.EndLine}" : $"{place.Line}";
            text.Append(' ', 2 * Math.Clamp(place.Depth, 0, MaxDepth))
                .Append(CultureInfo.InvariantCulture, $"{lines}: {EditorText.Symbol(place)}\n");
        }

        return Finished(text, Math.Min(found.Places.Count, MaxShown), found.Total);
    }

    private static string OfWorkspace(WorkspaceFolders folders, EditorPlaces found, Func<string, bool> mayRead)
    {
        var text = new StringBuilder();
        var shown = 0;
        foreach (var place in found.Places)
        {
            if (shown == MaxShown || WorkspacePath.Find(folders, place.Path) is not { } path || !mayRead(path.Full))
            {
                continue;
            }

            var inside = string.IsNullOrEmpty(place.Container) ? "" : $" (in {EditorText.Line(place.Container)})";
            text.Append(CultureInfo.InvariantCulture, $"{EditorText.Line(path.Shown)}:{place.Line}: {EditorText.Symbol(place)}{inside}\n");
            shown++;
        }

        return shown > 0 ? Finished(text, shown, shown)
            : found.HasLanguageServer
                ? "No symbol of the workspace matches. Symbols are known for files that a language server has indexed."
            : "No language server answered. Open a file of the language in the editor first, or use `search`.";
    }

    private static string Finished(StringBuilder text, int shown, int total) =>
        text.Append(
                CultureInfo.InvariantCulture,
                $"[{(total > shown ? $"The first {shown} of {total} symbols" : Plural.Of(shown, "symbol"))}.]\n"
            )
            .ToString();
}
