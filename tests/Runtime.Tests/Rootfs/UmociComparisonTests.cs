using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Tests.Images;

namespace Swarm.Runtime.Tests.Rootfs;

/// <summary>
/// The same OCI layout, unpacked by umoci and mounted by us, is the same tree: names, types, modes, owners, links,
/// contents, attributes, times of files. 60 layers of every kind of change.
/// </summary>
public sealed partial class UmociComparisonTests : IDisposable
{
    private const int Layers = 60;
    private readonly TempDirectory _temp = new();

    public void Dispose()
    {
        OverlayRootfs.Unmount(_temp.At("task"));
        _temp.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Sixty_layers_of_changes_give_the_same_tree(int seed)
    {
        var image = TestImage.Of([.. new RandomLayers(seed).Make(Layers)]);
        WriteLayout(image);
        TestTools.Run("umoci", "unpack", "--image", $"{_temp.At("oci")}:1", _temp.At("bundle"));
        TestTools.Run("tar", "-C", _temp.At("oci"), "-cf", _temp.At("oci.tar"), ".");
        await using var store = ImageStore.Open(
            _temp.At("store"), new RegistryOptions { Architecture = "amd64" }, _ => { });
        using (var archive = File.OpenRead(_temp.At("oci.tar")))
            Assert.Single(await store.Files.LoadAsync(archive, CancellationToken.None));
        var id = store.Inventory.List()[0].Id.ToString();
        var local = await store.EnsureAsync(store.FindLocal(id)!, null, CancellationToken.None);
        Assert.Equal(Layers, local.LayerDirectories.Count);
        var theirs = Describe(_temp.At("bundle", "rootfs"));
        Assert.True(theirs.Count > 20);
        Assert.Equal(theirs, Describe(OverlayRootfs.Mount(_temp.At("task"), local)));
    }

    private void WriteLayout(TestImage image)
    {
        var blobs = Directory.CreateDirectory(_temp.At("oci", "blobs", "sha256")).FullName;
        foreach (var (digest, content) in image.Blobs)
            File.WriteAllBytes(Path.Combine(blobs, digest[7..]), content);
        File.WriteAllBytes(Path.Combine(blobs, image.Digest[7..]), image.Manifest);
        File.WriteAllText(_temp.At("oci", "oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        File.WriteAllText(_temp.At("oci", "index.json"),
            "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" + image.MediaType + "\",\"digest\":\""
            + image.Digest + "\",\"size\":" + image.Manifest.Length
            + ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"1\"}}]}");
    }

    /// <summary>
    /// A line for each name. Times of directories are left out: umoci changes those of parents that a later layer
    /// writes into.
    /// </summary>
    private static List<string> Describe(string root) =>
        [.. TestTools.Listing(root).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            var name = Name().Match(line);
            var path = Path.Combine(root, name.Groups[1].Value);
            return name.Groups[2].Value switch
            {
                "d" => line[..line.LastIndexOf(' ')] + TestAttributes.Of(path),
                "f" => line + " " + Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))
                    + TestAttributes.Of(path),
                _ => line,
            };
        })];

    /// <summary>The name (it may have spaces) and the type.</summary>
    [GeneratedRegex(@"\A(.+?) ([dflp]) [0-7]+ [0-9]+:[0-9]+ ")]
    private static partial Regex Name();
}
