using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>Results too long for a model, kept for a while so that it can read on: <c>read</c> takes <c>plue-output:ID</c>. Safe for concurrent calls.</summary>
public sealed class ToolResults(PluePaths paths, TimeProvider time)
{
    public const string Scheme = "plue-output:";
    /// <summary>Bytes of one result that are kept.</summary>
    public const int MostBytes = 16 * 1024 * 1024;
    private const int MostFiles = 200;
    private static readonly TimeSpan Age = TimeSpan.FromDays(7);

    private string Folder => Path.Combine(paths.Home, "outputs");

    /// <summary>A result as the model gets it: whole, or its head and tail and how to read the rest.</summary>
    /// <param name="most">Characters.</param>
    public string Cut(string codexId, string text, int most)
    {
        if (text.Length <= most) { return text; }

        string how;
        try
        {
            using var kept = Begin(codexId);
            kept.Write(text);
            how = kept.HowToRead;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            how = "the rest could not be kept";
        }

        return Shortened(text, most, how);
    }

    /// <param name="how">To read the rest.</param>
    internal static string Shortened(string text, int most, string how) => text.Length <= most
        ? text
        : $"{Head(text, most / 2)}\n[{text.Length - most} characters are left out here; {how}]\n{Tail(text, most / 2)}";

    /// <summary>A result that is still growing.</summary>
    /// <exception cref="IOException">The disk said no.</exception>
    public KeptResult Begin(string codexId)
    {
        DurableFile.CreatePrivateDirectory(Folder);
        Tidy();
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        return new KeptResult($"{Scheme}{id}", DurableFile.OpenPrivate(PathOf(codexId, id), FileMode.CreateNew, FileAccess.Write, FileShare.Read));
    }

    /// <exception cref="ToolFailureException">There is none, or it is another agent's.</exception>
    public string Read(string codexId, string name)
    {
        var id = name[Scheme.Length..];
        if (id.Length == 16 && id.AsSpan().IndexOfAnyExcept("0123456789abcdef") < 0)
        {
            try { return Encoding.UTF8.GetString(OrdinaryFile.Read(PathOf(codexId, id), 2 * MostBytes) ?? []); }
            catch (FileNotFoundException) { /* Said below. */ }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw new ToolFailureException($"{HiddenCharacters.VisibleLine(name)} cannot be read ({fault.Message.TrimEnd('.')}).", fault);
            }
        }

        throw new ToolFailureException($"{HiddenCharacters.VisibleLine(name)} is not there any more. Outputs are kept for some days; run the command again.");
    }

    internal static string Head(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];

    internal static string Tail(string text, int most) => text.Length <= most ? text : text[(char.IsLowSurrogate(text[^most]) ? text.Length - most + 1 : text.Length - most)..];

    private string PathOf(string codexId, string id) => Path.Combine(Folder, $"{HeldFolder.HashOf(Encoding.UTF8.GetBytes(codexId))[..16]}-{id}");

    /// <summary>The oldest go first, for their age only while the clock is not in doubt; one that another process took away meanwhile is gone as well.</summary>
    private void Tidy()
    {
        var oldest = ExpiryClock.Read(paths, time) - Age ?? DateTimeOffset.MinValue;
        var files = new DirectoryInfo(Folder).EnumerateFiles().OrderByDescending(file => file.LastWriteTimeUtc).ToList();
        foreach (var file in files.Where((file, at) => at >= MostFiles || file.LastWriteTimeUtc < oldest)) { file.Delete(); }
    }
}

/// <summary>One result on the disk, readable by its user alone.</summary>
public sealed class KeptResult(string name, FileStream file) : IDisposable
{
    private long length;

    public string HowToRead => length >= ToolResults.MostBytes
        ? string.Create(CultureInfo.InvariantCulture, $"`read` of `{name}` shows the first {ToolResults.MostBytes / (1024 * 1024)} MiB of it")
        : $"`read` of `{name}` shows all of it";

    /// <summary>What is over the cap is dropped.</summary>
    public void Write(string text)
    {
        if (length >= ToolResults.MostBytes) { return; }

        var bytes = Encoding.UTF8.GetBytes(text);
        file.Write(bytes, 0, (int)Math.Min(bytes.Length, ToolResults.MostBytes - length));
        length += bytes.Length;
    }

    public void Dispose() => file.Dispose();
}
