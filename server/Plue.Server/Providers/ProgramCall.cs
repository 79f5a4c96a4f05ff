namespace Plue.Server.Providers;

/// <summary>A call of one of the own tools of a program with its own tool loop, as its effect. The program's provider translates it.</summary>
/// <param name="Name">The program's name of the tool.</param>
/// <param name="Input">The tool's input, a JSON object.</param>
public abstract record ProgramCall(string Name, string Input)
{
    /// <summary>The program, for the user.</summary>
    public required string Program { get; init; }

    /// <param name="Path">Absolute, or relative to the folder; null if it is not known which files are read.</param>
    public record Read(string Name, string Input, string? Path) : ProgramCall(Name, Input);

    /// <summary>With the path of a folder, all its files are searched.</summary>
    /// <param name="ReadsContent">False if only names are searched.</param>
    public sealed record Search(string Name, string Input, string? Path, bool ReadsContent) : Read(Name, Input, Path);

    public sealed record Write(string Name, string Input, string Path, string Content) : ProgramCall(Name, Input);

    public sealed record Edit(string Name, string Input, string Path, string Before, string After, bool All) : ProgramCall(Name, Input);

    public sealed record Command(string Name, string Input, string Text) : ProgramCall(Name, Input);

    /// <summary>A skill or agent of the program's own settings. The calls of an agent are checked one by one.</summary>
    public sealed record OfSettings(string Name, string Input) : ProgramCall(Name, Input);

    /// <summary>A tool of an MCP server in the program's own settings.</summary>
    public sealed record ServerTool(string Name, string Input, string Server, string Tool) : ProgramCall(Name, Input);

    /// <param name="Reason">Why the call cannot run, for the model.</param>
    public sealed record Invalid(string Name, string Input, string Reason) : ProgramCall(Name, Input);
}
