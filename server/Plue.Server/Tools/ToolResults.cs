using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>Stores results that are too long for a model for some days; <c>read</c> accepts <c>plue-output:ID</c>. Thread-safe.</summary>
internal sealed class ToolResults(PluePaths paths, TimeProvider time)
{
    public const string Scheme = "plue-output:";

    /// <summary>The maximum size of a stored result in bytes.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;
    private const int MaxFiles = 200;
    private static readonly TimeSpan Age = TimeSpan.FromDays(7);

    private string Folder => Path.Combine(paths.Home, "outputs");

    /// <summary>Gets a result for the model: complete, or its head and tail with a hint how to read the rest.</summary>
    /// <param name="maxLength">In characters.</param>
    public string Truncate(string codexId, string text, int maxLength)
    {
        if (text.Length <= maxLength)
        {
            return text;
        }

        string how;
        try
        {
            using var stored = Create(codexId);
            stored.Write(text);
            how = stored.ReadHint;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            how = "the full output could not be stored";
        }

        return TruncateMiddle(text, maxLength, how);
    }

    /// <param name="how">A hint how to read the rest.</param>
    internal static string TruncateMiddle(string text, int maxLength, string how) =>
        text.Length <= maxLength
            ? text
            : $"{TextCut.Head(text, maxLength / 2)}\n[{text.Length - maxLength} characters omitted; {how}]\n{TextCut.Tail(text, maxLength / 2)}";

    /// <summary>Creates a stored result that can be appended to.</summary>
    /// <exception cref="IOException">The file could not be created.</exception>
    public StoredOutput Create(string codexId)
    {
        DurableFile.CreatePrivateDirectory(Folder);
        DeleteExpired();
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        return new StoredOutput(
            $"{Scheme}{id}",
            DurableFile.OpenPrivate(PathOf(codexId, id), FileMode.CreateNew, FileAccess.Write, FileShare.Read)
        );
    }

    /// <exception cref="ToolFailureException">The result does not exist or belongs to another agent.</exception>
    public string Read(string codexId, string name)
    {
        var id = name[Scheme.Length..];
        if (id.Length == 16 && id.AsSpan().IndexOfAnyExcept("0123456789abcdef") < 0)
        {
            try
            {
                return Encoding.UTF8.GetString(RegularFile.Read(PathOf(codexId, id), 2 * MaxBytes) ?? []);
            }
            catch (FileNotFoundException)
            { /* Reported below. */
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw new ToolFailureException(
                    $"{HiddenCharacters.VisibleLine(name)} could not be read ({fault.Message.TrimEnd('.')}).",
                    fault
                );
            }
        }

        throw new ToolFailureException(
            $"{HiddenCharacters.VisibleLine(name)} no longer exists. Outputs are stored for a few days. Run the command again."
        );
    }

    private string PathOf(string codexId, string id) =>
        Path.Combine(Folder, $"{FolderHandle.HashOf(Encoding.UTF8.GetBytes(codexId))[..16]}-{id}");

    /// <summary>Deletes the oldest results; by age only while the clock is trusted. Files that another process deletes at the same time are ignored.</summary>
    private void DeleteExpired()
    {
        var oldest = ExpiryClock.Read(paths, time) - Age ?? DateTimeOffset.MinValue;
        var files = new DirectoryInfo(Folder).EnumerateFiles().OrderByDescending(file => file.LastWriteTimeUtc).ToList();
        foreach (var file in files.Where((file, at) => at >= MaxFiles || new DateTimeOffset(file.LastWriteTimeUtc) < oldest))
        {
            file.Delete();
        }
    }
}

/// <summary>A stored result, readable only by its user.</summary>
internal sealed class StoredOutput(string name, FileStream file) : IDisposable
{
    private long length;

    public string ReadHint =>
        length >= ToolResults.MaxBytes
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"`read` of `{name}` shows the first {ToolResults.MaxBytes / (1024 * 1024)} MiB of it"
            )
            : $"`read` of `{name}` shows all of it";

    /// <summary>Appends text. Content over the limit is dropped.</summary>
    public void Write(string text)
    {
        if (length >= ToolResults.MaxBytes)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        file.Write(bytes, 0, (int)Math.Min(bytes.Length, ToolResults.MaxBytes - length));
        length += bytes.Length;
    }

    public void Dispose() => file.Dispose();
}
