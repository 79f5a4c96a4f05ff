using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>The tools that one codex has in one round, in a fixed order.</summary>
public sealed class Toolbox(IReadOnlyList<ITool> tools)
{
    public static readonly Toolbox Empty = new([]);

    public IReadOnlyList<ITool> Tools => tools;

    public IReadOnlyList<ToolDeclaration> Declarations => [.. tools.Select(tool => tool.Declaration)];

    /// <param name="declaredName">As the model called it.</param>
    public ITool? Find(string declaredName) => tools.FirstOrDefault(tool => tool.Declaration.Name == declaredName);
}

/// <summary>Where tools come from: Plue's own, and the servers'.</summary>
public interface IToolSource
{
    /// <summary>The tools of these names that there are now. A server that is not approved or does not start offers none, and reports it.</summary>
    /// <param name="names">As templates name them, <c>SERVER/*</c> included.</param>
    /// <param name="notes">One sentence for each that does not exist.</param>
    Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken);
}
