using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>The tools that one codex has in one round, in a fixed order.</summary>
/// <param name="deferred">Those that it gets when the model finds them, to keep requests short.</param>
public sealed class Toolbox(IReadOnlyList<ITool> tools, IReadOnlyList<ITool>? deferred = null)
{
    private const int MaxHints = 3;
    private const int MaxListed = 30;

    public static readonly Toolbox Empty = new([]);

    public IReadOnlyList<ITool> Tools => tools;

    public IReadOnlyList<ToolDeclaration> Declarations => [.. tools.Select(tool => tool.Declaration)];

    /// <param name="declaredName">As the model called it.</param>
    public ITool? Find(string declaredName) => tools.FirstOrDefault(tool => tool.Declaration.Name == declaredName);

    /// <summary>With the deferred tools of these declared names behind all others, so that the beginning of the list stays the same.</summary>
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

    /// <summary>Tells the model that there is no such tool, and which it may have meant.</summary>
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

/// <summary>Where tools come from: Plue's own, and the servers'.</summary>
public interface IToolSource
{
    /// <summary>The tools of these names that there are now. A server that is not approved or does not start offers none, and reports it.</summary>
    /// <param name="names">As templates name them, <c>SERVER/*</c> included.</param>
    /// <param name="notes">One sentence for each that does not exist.</param>
    Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken);
}
