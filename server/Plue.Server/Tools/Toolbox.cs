using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>The tools of one codex in one round, in a fixed order.</summary>
/// <param name="deferred">Tools that are added when the model finds them, to keep requests short.</param>
internal sealed class Toolbox(IReadOnlyList<ITool> tools, IReadOnlyList<ITool>? deferred = null)
{
    private const int MaxHints = 3;
    private const int MaxListed = 30;

    public static readonly Toolbox Empty = new([]);

    public IReadOnlyList<ITool> Tools => tools;

    public IReadOnlyList<ToolDeclaration> Declarations => [.. tools.Select(tool => tool.Declaration)];

    /// <param name="declaredName">The name that the model called.</param>
    public ITool? Find(string declaredName) => tools.FirstOrDefault(tool => tool.Declaration.Name == declaredName);

    /// <summary>Appends the deferred tools with these declared names, so that the beginning of the list stays identical.</summary>
    public Toolbox WithFound(IEnumerable<string> names)
    {
        List<ITool> found =
        [
            .. names
                .Distinct(StringComparer.Ordinal)
                .Where(name => Find(name) is null)
                .Select(name => deferred?.FirstOrDefault(tool => tool.Declaration.Name == name))
                .OfType<ITool>(),
        ];
        return found.Count == 0 ? this : new Toolbox([.. tools, .. found], deferred);
    }

    /// <summary>Gets the message for the model about an unknown tool, with similar names.</summary>
    public string MissingMessage(string name)
    {
        if (deferred?.Any(tool => tool.Declaration.Name == name) == true)
        {
            return $"The definition of `{name}` was not loaded, so nothing was done. Call it again in your next step, when you have its definition.";
        }

        List<string> names = [.. tools.Select(tool => tool.Declaration.Name)];
        List<string> near = [.. names.Where(known => NameWords.Contain(name, known) || NameWords.Contain(known, name)).Take(MaxHints)];
        if (near.Count == 0 && NearestName.Find(name, names) is { } nearest)
        {
            near.Add(nearest);
        }

        var hint =
            near.Count > 0 ? $"Did you mean {Listed(near, "or")}?"
            : names.Count is > 0 and <= MaxListed ? $"Your tools are {Listed(names, "and")}."
            : "Use only the tools you were given.";
        return $"There is no tool `{HiddenCharacters.VisibleLine(name)}`. {hint}";
    }

    private static string Listed(List<string> names, string last) =>
        names is [.. var others, var end] && others.Count > 0
            ? $"{string.Join(", ", others.Select(one => $"`{one}`"))} {last} `{end}`"
            : $"`{names[0]}`";
}

/// <summary>A source of tools: built-in, or servers.</summary>
internal interface IToolSource
{
    /// <summary>Gets the available tools with these names. A server that is not approved or does not start has none, and adds a note.</summary>
    /// <param name="names">The names in templates, including <c>SERVER/*</c>.</param>
    /// <param name="notes">Receives one sentence for each missing tool.</param>
    Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken);
}
